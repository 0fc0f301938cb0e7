import socket

server = socket.create_server(("127.0.0.1", 8000))
print("ready", flush=True)
while True:
    server.accept()[0].sendall(b"hello")
