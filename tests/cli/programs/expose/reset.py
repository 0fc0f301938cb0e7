import socket
import sys

with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as client:
    try:
        client.sendall(b"R" * 10)
        print(client.recv(1))
    except ConnectionError as error:
        print(type(error).__name__)
