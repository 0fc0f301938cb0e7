import os
import socket

assert os.environ["LISTEN_FDS"] == "1"
server = socket.socket(fileno=3)
print(server.family.name, server.getsockname(), flush=True)
connection, address = server.accept()
print(address[0], flush=True)
connection.sendall(b"served")
connection.close()
