"""Connects twice to 127.0.0.1 and a port, and prints the port of the first connection. Reads nothing."""

import signal
import socket
import sys

first, second = [socket.create_connection(("127.0.0.1", int(sys.argv[1]))) for _ in range(2)]
first.send(b"How are you?")
print(first.getsockname()[1], flush=True)
signal.pause()
