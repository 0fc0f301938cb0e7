"""A server that speaks with one client at a time, by connecting to it, and disconnects (AF_UNSPEC) before the next one comes. Both processes write whole lines: they come in whatever order."""

import ctypes
import os
import socket
import sys


def say(*words):
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


server = socket.socket(type=socket.SOCK_DGRAM)
server.settimeout(60)
server.bind(("127.0.0.1", int(sys.argv[1])))
address = server.getsockname()


def client(name):
    with socket.socket(type=socket.SOCK_DGRAM) as own:
        own.settimeout(60)
        own.connect(address)
        own.send(b"from " + name)
        assert own.recv(100) == b"hello " + name
        own.send(b"more from " + name)
        say(own.recvfrom(100) == (b"bye " + name, address))


other = socket.socket(type=socket.SOCK_DGRAM)
other.settimeout(60)
other.bind(("127.0.0.1", 0))
again = os.pipe()
if os.fork() == 0:
    client(b"one")
    os.read(again[0], 1)
    client(b"two")
    os._exit(0)
for _ in range(2):
    text, sender = server.recvfrom(100)
    server.connect(sender)
    say(text, server.getsockname() == address, server.getpeername() == sender)
    server.send(text.replace(b"from", b"hello"))
    text = server.recv(100)
    say(text)
    server.sendto(b"meanwhile", other.getsockname())
    say(other.recv(100))
    server.sendto(text.replace(b"more from", b"bye"), sender)
    ctypes.CDLL(None).connect(server.fileno(), bytes(16), 16)
    say(server.getsockname() == address)
    os.write(again[1], b"x")
say(os.waitstatus_to_exitcode(os.wait()[1]))
