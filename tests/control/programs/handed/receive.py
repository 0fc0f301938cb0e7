import socket

from handed import bind, new

fd, client = new(socket.SOCK_DGRAM), new(socket.SOCK_DGRAM)
print(bind(fd), bind(new(socket.SOCK_DGRAM)), fd.getsockname())
client.connect(("127.0.0.1", 8000))
client.send(b"asked")
print(fd.recv(9))
