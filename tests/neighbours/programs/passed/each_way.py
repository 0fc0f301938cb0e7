import ctypes
import os
import socket

from facts import fact
from reading import accepted, libc, opened, receive

PEEK, DONTWAIT = socket.MSG_PEEK, socket.MSG_DONTWAIT
ways = {
    "recvmsg": lambda fd: receive(fd, 4096, 0),
    "recvmmsg": lambda fd: receive(fd, 4096, 0, True),
    "peeked": lambda fd: [receive(fd, 4096, PEEK), receive(fd, 4096, PEEK, True), receive(fd, 4096, 0)],
    "room for some": lambda fd: receive(fd, 64, 0),
    "room for none": lambda fd: receive(fd, 18, 0),
    "no room": lambda fd: receive(fd, 0, 0),
    "recv": lambda fd: len(socket.socket(fileno=os.dup(fd)).recv(10)),
    "recvfrom": lambda fd: libc.recvfrom(fd, ctypes.create_string_buffer(10), 10, 0, None, None),
    "read": lambda fd: len(os.read(fd, 10)),
}
for way, receive_by in ways.items():
    fd = accepted()
    before = opened()
    result = receive_by(fd)
    fact(f"stream, {way}", [result, opened() - before])
    os.close(fd)
for i, (way, receive_by) in enumerate(ways.items()):
    before = opened()
    result = receive_by(100 + i)
    fact(f"inherited, {way}", [result, opened() - before])
for way, receive_by in ways.items():
    before = opened()
    result = receive_by(4)
    fact(f"datagram, {way}", [result, opened() - before])
