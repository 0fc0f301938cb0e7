import socket
import sys

try:
    with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as client:
        print(client.recv(100).decode())
except ConnectionError as error:
    print(type(error).__name__)
