import socket

listener = socket.create_server(("127.0.0.1", 8000))
print("serves", flush=True)
while True:
    listener.accept()[0].sendall(b"served")
