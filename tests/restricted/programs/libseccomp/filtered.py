"""Writes twice to a peer that has gone, when every question about a socket would end it."""

import ctypes
import socket
import sys

seccomp = ctypes.CDLL("libseccomp.so.2")
seccomp.seccomp_init.restype = ctypes.c_void_p
ALLOW, KILL = 0x7FFF0000, 0x80000000
listener = socket.create_server(("127.0.0.1", 2001))
client = socket.create_connection(("127.0.0.1", 2001))
peer = listener.accept()[0]
rules = ctypes.c_void_p(seccomp.seccomp_init(ALLOW))
for name in sys.argv[1].split():
    number = seccomp.seccomp_syscall_resolve_name(name.encode())
    assert seccomp.seccomp_rule_add_array(rules, ctypes.c_uint32(KILL), number, 0, None) == 0
assert seccomp.seccomp_load(rules) == 0
print(client.send(b"live"))
peer.close()
for i in range(2):
    try:
        print(client.send(b"gone"))
    except BrokenPipeError:
        print("EPIPE")
