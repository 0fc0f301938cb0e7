"""A call that needs the directory, twice: each says by itself that it fails. The server is on the network."""

import socket
import sys

server = ("127.0.0.1", int(sys.argv[1]))
stream, datagram = socket.socket(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)


def connect_without_blocking():
    stream.setblocking(False)
    stream.connect(server)


calls = {
    "connect": lambda: stream.connect(server),
    "connect, without blocking": connect_without_blocking,
    "bind": lambda: stream.bind((server[0], 0)),
    "bind to a port": lambda: stream.bind((server[0], 20995)),
    "listen": lambda: stream.listen(),
    "connect of a datagram socket": lambda: datagram.connect(server),
    "bind of a datagram socket": lambda: datagram.bind((server[0], 0)),
    "bind of a datagram socket to a port": lambda: datagram.bind((server[0], 20995)),
    "sendto": lambda: datagram.sendto(b"x", server),
    "sendmsg": lambda: datagram.sendmsg([b"x"], [], 0, server),
}
for _ in 1, 2:
    try:
        calls[sys.argv[2]]()
        print("it went")
    except OSError as error:
        print(error.errno)
