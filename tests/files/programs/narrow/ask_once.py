import socket

client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
client.sendto(b"x", ("127.0.0.1", 9))
listener = socket.create_server(("127.0.0.1", 0))
