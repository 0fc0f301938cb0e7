"""Asks unconnected, then connected, small and big. Everything is seen as UDP shows it."""

import socket
import sys

from facts import fact

server = ("127.0.0.1", int(sys.argv[1]))
with socket.socket(type=socket.SOCK_DGRAM) as client:
    client.settimeout(60)
    client.sendto(b"one", server)
    fact("answer and sender", client.recvfrom(100))
    client.sendto(b"two", server)
    fact("second answer and sender", client.recvfrom(100))
with socket.socket(type=socket.SOCK_DGRAM) as client:
    client.settimeout(60)
    client.connect(server)
    fact("connected to", client.getpeername())
    client.send(b"x" * 10000)
    fact("length of a large answer", len(client.recv(65536)))
    client.sendmsg([b"thr", b"ee"])
    fact("answer to sendmsg", client.recv(100))
