"""Listens at 127.0.0.1 and a port, accepts one connection, greets its client and reads nothing."""

import signal
import socket
import sys

server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print("ready", flush=True)
client, _ = server.accept()
client.send(b"hello")
signal.pause()
