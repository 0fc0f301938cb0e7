"""Connects to 127.0.0.1 and a port, and for each line of standard input sends it and prints the answer's length."""

import socket
import sys

server = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
print(server.getsockname()[1], flush=True)
for line in sys.stdin:
    server.sendall(line.encode())
    print(len(server.recv(65536)), flush=True)
