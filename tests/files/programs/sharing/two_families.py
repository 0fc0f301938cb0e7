import socket
import sys

from facts import fact
from port_files import files


def bind(family):
    fd = socket.socket(family, socket.SOCK_DGRAM)
    fd.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    if family == socket.AF_INET6:
        fd.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    fd.bind(("127.0.0.1" if family == socket.AF_INET else "::1", 2001))
    return fd


fds = [bind(family) for family in (socket.AF_INET, socket.AF_INET, socket.AF_INET6, socket.AF_INET6)]
for i in map(int, sys.argv[1]):
    fds[i].close()
fact("names left", files())
