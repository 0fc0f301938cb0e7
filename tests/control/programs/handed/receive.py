import socket

from facts import fact
from handed import bind, new

fd, client = new(socket.SOCK_DGRAM), new(socket.SOCK_DGRAM)
fact("bound", bind(fd))
fact("bound again", bind(new(socket.SOCK_DGRAM)))
fact("name", fd.getsockname())
client.connect(("127.0.0.1", 8000))
client.send(b"asked")
fact("heard", fd.recv(9))
