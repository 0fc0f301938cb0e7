"""Writes a seccomp filter for `bwrap --seccomp`, as libseccomp makes it: FILE, and `denied` or `allowed` with its calls."""

import ctypes
import errno
import socket
import sys

seccomp = ctypes.CDLL("libseccomp.so.2")
seccomp.seccomp_init.restype = ctypes.c_void_p
ALLOW, KILL, ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
GREATER = 6
LAST_FAMILY = 16


class Compare(ctypes.Structure):
    _fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


def add(action, name, *compares):
    number = seccomp.seccomp_syscall_resolve_name(name.encode())
    if number != -1:
        array = (Compare * len(compares))(*compares)
        seccomp.seccomp_rule_add_array(rules, ctypes.c_uint32(action), number, len(compares), array)


file, kind, *names = sys.argv[1:]
rules = ctypes.c_void_p(seccomp.seccomp_init(ALLOW if kind == "denied" else KILL))
for name in names:
    add(ERRNO | errno.EPERM if kind == "denied" else ALLOW, name)
if kind == "denied":
    # As Flatpak's: glibc falls back to clone, and the families above netlink are unknown.
    add(ERRNO | errno.ENOSYS, "clone3")
    add(ERRNO | errno.EAFNOSUPPORT, "socket", Compare(0, GREATER, LAST_FAMILY, 0))
assert socket.AF_NETLINK == LAST_FAMILY
with open(file, "wb") as output:
    assert seccomp.seccomp_export_bpf(rules, output.fileno()) == 0
