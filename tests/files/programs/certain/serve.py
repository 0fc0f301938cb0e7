import socket

listener = socket.create_server(("127.0.0.1", 2001))
print("serves", flush=True)
while True:
    listener.accept()[0].send(b"first")
