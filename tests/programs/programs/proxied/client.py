import socket

with socket.create_connection(("192.0.2.1", 80)) as client, client.makefile("r") as words:
    print("heard", words.read())
