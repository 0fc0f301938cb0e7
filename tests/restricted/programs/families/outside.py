import socket

from facts import fact

for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
    for family, address in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        try:
            socket.socket(family, kind).connect((address, 9))
        except OSError as error:
            fact(f"{kind.name} to {address}", error.errno)
fact("an option", socket.socket().getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
fact("a name", socket.socket().getsockname())
