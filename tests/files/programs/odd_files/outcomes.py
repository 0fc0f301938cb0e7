"""Binds and connects a stream and a datagram socket, and says what came of it."""

import errno
import socket


def outcome(call):
    try:
        call()
        return "done"
    except OSError as error:
        return errno.errorcode[error.errno]


def stream():
    return socket.socket(socket.AF_INET, socket.SOCK_STREAM)


def datagram():
    return socket.socket(socket.AF_INET, socket.SOCK_DGRAM)


at = ("127.0.0.1", 2001)


def try_all():
    print(outcome(lambda: stream().bind(at)), outcome(lambda: stream().connect(at)), end=" ")
    print(outcome(lambda: datagram().bind(at)), outcome(lambda: datagram().sendto(b"x", at)))
