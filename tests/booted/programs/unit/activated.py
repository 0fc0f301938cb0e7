"""Says what it sees of the socket that systemd hands over, and of its client."""

import os
import socket

assert os.environ["LISTEN_FDS"] == "1"
server = socket.socket(fileno=3)
while True:
    connection, address = server.accept()
    connection.recv(1024)
    body = f"{server.family.name} {server.getsockname()[0]} {address[0]}"
    connection.sendall(f"HTTP/1.0 200 OK\r\n\r\n{body}".encode())
    connection.close()
