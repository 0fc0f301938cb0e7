import errno
import socket
import sys

tcp, udp = socket.socket(), socket.socket(type=socket.SOCK_DGRAM)
at = ("127.0.0.1", int(sys.argv[2]))
calls = {"tcp.bind": lambda: tcp.bind(at), "udp.bind": lambda: udp.bind(at), "udp.sendto": lambda: udp.sendto(b"x", at)}
try:
    calls[sys.argv[1]]()
    print("ok")
except OSError as error:
    print(errno.errorcode[error.errno])
