import socket

from asking import ask, client
from facts import fact

for address in ("127.0.0.1", "127.0.0.2", "::1"):
    at = (address, 2001)
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    fd = client(family)
    fact(f"{address}, asked twice", [ask(fd, at), ask(fd, at)])
    fd = client(family)
    fd.connect(at)
    fact(f"{address}, connected", [ask(fd, None), ask(fd, None)])
    fd = client(family)
    fd.bind(("::" if ":" in address else "0.0.0.0", 0))
    fact(f"{address}, bound", ask(fd, at))
    fd.connect(at)
    fact(f"{address}, bound and connected", ask(fd, None))
    fd = client(family)
    if address == "127.0.0.2":
        fd.sendto(b"asked?", at)
        fact("the address that the server was asked at", fd.recv(100))
    fd = client(family)
    fd.sendto(b"connect", at)
    answer, sender = fd.recvfrom(100)
    fact(f"{address}, by another socket", [answer, 32768 <= sender[1] < 61000 or sender])
pair = [client(), client()]
for fd in pair:
    fd.bind(("127.0.0.1", 0))
for i in (0, 1):
    pair[i].connect(pair[1 - i].getsockname())
pair[0].send(b"x")
fact("a connected pair knows each other", pair[1].recvfrom(1)[1] == pair[0].getsockname())
client().sendto(b"end", ("127.0.0.1", 2001))
