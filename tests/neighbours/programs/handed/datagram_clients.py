import os
import socket

from facts import fact
from handed import DIR, bind, new

fds = [new(socket.SOCK_DGRAM, reuseport=True) for i in range(2)]
for fd in fds:
    fd.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
fact("two that share the port", [bind(fd) for fd in fds])
client, other = new(socket.SOCK_DGRAM), new(socket.SOCK_DGRAM)
client.connect(("127.0.0.1", 8000))
client.send(b"x")
try:
    fds[0].connect(fds[0].recvfrom(9)[1])
except OSError as error:
    fact("connect to the client", error.errno)
other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
for fd in fds:
    fd.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 0)
fact("bind of a third", bind(other))
client.send(b"y")
fact("heard", fds[1].recv(9))
fact("names", [name for name in os.listdir(DIR) if "8000" in name])
