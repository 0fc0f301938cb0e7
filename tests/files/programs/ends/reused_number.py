import ctypes
import os
import socket
import sys

from port_files import raw_close

client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
client.sendto(b"x", ("127.0.0.1", 2001))
number = client.detach()
raw_close(number)
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
file = libc.fopen(sys.argv[1].encode(), b"w")
assert os.readlink("/proc/self/fd/%d" % number) == sys.argv[1]
libc.fputs(b"written at the very end", ctypes.c_void_p(file))
