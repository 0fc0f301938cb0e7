import socket

from handed import listen, new

fd = new()
print(listen(fd), fd.getsockname())
fd.close()
client = socket.create_connection(("127.0.0.1", 8000))
fd = new()
print(listen(fd, "0.0.0.0"), fd.getsockname(), fd.accept()[1] == client.getsockname())
