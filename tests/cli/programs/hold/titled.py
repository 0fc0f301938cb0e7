"""A daemon whose title overwrites its environment, as redis's and nginx's do, and a child of it without a socket.

argv: "tcp" or "udp", and the file that gets their numbers.
"""

import ctypes
import os
import socket
import sys


def overwrite_environment():
    with open("/proc/self/stat") as file:
        numbers = file.read().rpartition(")")[2].split()
    start, end = int(numbers[47]), int(numbers[48])
    ctypes.memset(start, 0, end - start)


kind = socket.SOCK_STREAM if sys.argv[1] == "tcp" else socket.SOCK_DGRAM
if os.fork() != 0:
    os._exit(0)
os.setsid()
for fd in range(3):
    os.dup2(os.open(os.devnull, os.O_RDWR), fd)
overwrite_environment()
child_ends, parent_holds = os.pipe()
child = os.fork()
if child == 0:
    os.close(parent_holds)
    while True:
        os.read(child_ends, 1)
        socket.socketpair()[0].recv(1)
server = socket.socket(socket.AF_INET, kind)
server.bind(("127.0.0.1", 7000))
if kind == socket.SOCK_STREAM:
    server.listen()
with open(sys.argv[2] + ".part", "w") as file:
    file.write(f"{os.getpid()} {child}")
os.rename(sys.argv[2] + ".part", sys.argv[2])
server.recv(1) if kind == socket.SOCK_DGRAM else server.accept()
