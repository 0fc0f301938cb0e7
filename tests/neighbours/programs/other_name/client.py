import socket

from asking import ask, client

for address in ("127.0.0.1", "127.0.0.2", "::1"):
    at = (address, 2001)
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    fd = client(family)
    print(*ask(fd, at), *ask(fd, at))
    fd = client(family)
    fd.connect(at)
    print("connected:", *ask(fd, None), *ask(fd, None))
    fd = client(family)
    fd.bind(("::" if ":" in address else "0.0.0.0", 0))
    print("bound:", *ask(fd, at))
    fd.connect(at)
    print("and connected:", *ask(fd, None))
    fd = client(family)
    if address == "127.0.0.2":
        fd.sendto(b"asked?", at)
        print(fd.recv(100).decode())
    fd = client(family)
    fd.sendto(b"connect", at)
    answer, sender = fd.recvfrom(100)
    print("by another socket:", answer.decode(), 32768 <= sender[1] < 61000 or sender)
pair = [client(), client()]
for fd in pair:
    fd.bind(("127.0.0.1", 0))
for i in (0, 1):
    pair[i].connect(pair[1 - i].getsockname())
pair[0].send(b"x")
print(pair[1].recvfrom(1)[1] == pair[0].getsockname())
client().sendto(b"end", ("127.0.0.1", 2001))
