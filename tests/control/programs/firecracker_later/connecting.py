import errno
import socket
import sys

name = lambda number: errno.errorcode.get(number, "ok")
address = ("127.0.0.1", int(sys.argv[1]))
s = socket.socket()


def error():
    return name(s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))


def attempt(call, *arguments):
    try:
        return call(*arguments) and None
    except OSError as e:
        return name(e.errno)
