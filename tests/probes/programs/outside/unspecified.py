import ctypes
import os
import socket
import struct

from facts import fact

receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
receiver.bind(("127.0.0.1", 2001))
libc = ctypes.CDLL(None, use_errno=True)
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)


def send(host):
    address = struct.pack("=HH4s8x", socket.AF_UNSPEC, socket.htons(2001), socket.inet_aton(host))
    return os.strerror(ctypes.get_errno()) if libc.sendto(client.fileno(), b"x", 1, 0, address, 16) < 0 else "sent"


fact("covered", [send("127.0.0.1"), receiver.recv(1)])
fact("covered again", [send("127.0.0.1"), receiver.recv(1)])
fact("not covered", send("192.0.2.1"))
