import socket


def try_to(call, *arguments):
    try:
        call(*arguments)
    except OSError:
        pass


try_to(socket.socket().connect, ("192.0.2.1", 80))
try_to(socket.socket().bind, ("192.0.2.1", 81))
try_to(socket.socket(socket.AF_INET6, socket.SOCK_DGRAM).connect, ("2001:db8::1", 82))
try_to(socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto, b"x", ("192.0.2.1", 83))
