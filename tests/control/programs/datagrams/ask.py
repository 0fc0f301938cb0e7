"""Asks unconnected, then connected, small and big. Everything is seen as UDP shows it."""

import socket
import sys

server = ("127.0.0.1", int(sys.argv[1]))
with socket.socket(type=socket.SOCK_DGRAM) as client:
    client.settimeout(20)
    client.sendto(b"one", server)
    print(client.recvfrom(100))
    client.sendto(b"two", server)
    print(client.recvfrom(100))
with socket.socket(type=socket.SOCK_DGRAM) as client:
    client.settimeout(20)
    client.connect(server)
    print(client.getpeername())
    client.send(b"x" * 10000)
    print(len(client.recv(65536)))
    client.sendmsg([b"thr", b"ee"])
    print(client.recv(100))
