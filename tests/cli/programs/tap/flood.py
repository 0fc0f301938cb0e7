"""Sends so many bytes to 127.0.0.1 and a port as standard input's line says, and prints when all have come back."""

import socket
import sys
import threading

server = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
print("ready", flush=True)
left = size = int(sys.stdin.readline())
threading.Thread(target=lambda: server.sendall(b"x" * size), daemon=True).start()
while left > 0:
    left -= len(server.recv(1 << 20))
print("all", flush=True)
