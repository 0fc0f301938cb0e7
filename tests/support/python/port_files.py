"""What is in the directory of the socket files, and a close past every library."""

import ctypes
import os
import platform


def files():
    names = os.listdir(os.environ["UNSOCK_DIR"])

    def has_port(name):
        port = os.environ["UNSOCK_DIR"] + "/" + name[1:].split("@")[0].replace("u", ".dgram") + ".sock"
        return name[0] == "." and "@" in name and os.path.islink(port) and os.readlink(port) == name

    return sorted(name for name in names if name != ".unsock.lock" and not has_port(name))


CLOSE = 3 if platform.machine() == "x86_64" else 57


def raw_close(fd):
    ctypes.CDLL("libc.so.6").syscall(CLOSE, fd)
