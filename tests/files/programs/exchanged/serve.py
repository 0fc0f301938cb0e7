"""The victim: a live socket file that nobody else may use."""

import os
import signal
import socket
import sys

os.umask(0o177)
server = socket.socket(socket.AF_UNIX)
server.bind(sys.argv[1])
server.listen()
print("there", flush=True)
signal.pause()
