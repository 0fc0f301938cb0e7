"""Binds port 5432 with a socket of the type that argv names, and keeps it."""

import signal
import socket
import sys

taker = socket.socket(type=getattr(socket, sys.argv[1]))
taker.bind(("127.0.0.1", 5432))
print("ready", flush=True)
signal.pause()
