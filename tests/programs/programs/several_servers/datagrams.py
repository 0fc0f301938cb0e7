import socket

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
    print(data, more, name == again)
server.connect(name)
print(server.recv(20), server.send(b"x"), ended(pid))
