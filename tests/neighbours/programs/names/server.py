"""Accepts once for each line and tells its own address: itself, and by a program that it executes for the connection."""

import socket
import subprocess
import sys

listener = socket.create_server((sys.argv[1], 2001))
print("ready", flush=True)
OWN = "import socket; print(socket.socket(fileno=0).getsockname())"
while True:
    connection = listener.accept()[0]
    executed = subprocess.run([sys.executable, "-c", OWN], stdin=connection, capture_output=True, text=True)
    connection.sendall((str(connection.getsockname()) + " " + executed.stdout).encode())
    connection.close()
