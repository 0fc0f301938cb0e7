import socket
import sys

client = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
own = client.getsockname()
print(client.makefile().read() == f"{own[0]} {own[1]}")
