import os
import socket

from facts import fact
from servers import child, ended, listening, made

server = listening("127.0.0.2", 9999)


def work():
    with server.accept()[0] as connection:
        connection.sendall(connection.recv(10)[::-1])


pid = child(work)
clients = [made("127.0.0.2"), made("127.0.0.2")]
clients[0].connect(("127.0.0.2", 9999))
clients[0].sendall(b"abc")
fact("the child answers", clients[0].recv(3))
fact("the child ends", ended(pid))
clients[1].connect(("127.0.0.2", 9999))
os.dup2(clients[1].fileno(), clients[0].fileno())
with server.accept()[0] as connection:
    with clients[0].dup() as copy:
        copy.sendall(b"from the copy")
    clients[1].close()
    clients[0].sendall(b", and from the number")
    clients[0].shutdown(socket.SHUT_WR)
    fact("the parent hears", b"".join(iter(lambda: connection.recv(100), b"")))
clients[0].close()
