import socket

from facts import fact
from servers import bound, child, ended, made

servers = [bound(address, 9999, socket.SOCK_DGRAM) for address in ("12::3", "12::4")]


def work():
    with made("::", socket.SOCK_DGRAM) as client:
        for address in "12::3", "12::4":
            client.sendto(b"by sendto", (address, 9999))
            client.sendmsg([b"by ", b"sendmsg"], [], 0, (address, 9999))
        client.connect(("12::4", 9999))
        client.sendall(b"connected")
        assert client.recv(1) == b"x"


pid = child(work)
for server in servers:
    data, name = server.recvfrom(20)
    more, _, _, again = server.recvmsg(20)
    fact(server.getsockname()[0], [data, more])
    fact(f"{server.getsockname()[0]}: by one socket", name == again)
server.connect(name)
fact("connected: the server hears", server.recv(20))
fact("connected: it sends", server.send(b"x"))
fact("the client ends", ended(pid))
