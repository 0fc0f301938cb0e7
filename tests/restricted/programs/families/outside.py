import socket

for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
    for family, address in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        try:
            socket.socket(family, kind).connect((address, 9))
        except OSError as error:
            print(error.errno)
print(socket.socket().getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY), socket.socket().getsockname())
