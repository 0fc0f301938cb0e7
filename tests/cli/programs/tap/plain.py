"""A plain Unix client: says "plain" at a socket file, and prints the answer."""

import socket
import sys

server = socket.socket(socket.AF_UNIX)
server.connect(sys.argv[1])
server.sendall(b"plain")
print(server.recv(100).decode(), end="")
