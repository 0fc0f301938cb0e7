"""Listens with the smallest backlog, and fills it."""

import socket
import sys
import time

listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen(0)
clients = []
try:
    while True:
        client = socket.socket(socket.AF_UNIX)
        client.setblocking(False)
        client.connect(sys.argv[1])
        clients.append(client)
except BlockingIOError:
    print("full", flush=True)
time.sleep(60)
