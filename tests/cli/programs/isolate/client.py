"""Connects, and prints what comes, or why not."""

import socket
import sys

try:
    with socket.create_connection(("127.0.0.1", int(sys.argv[1])), 5) as client:
        print(client.recv(100).decode())
except OSError as error:
    print(type(error).__name__)
