"""Binds and connects a stream and a datagram socket, and says what came of it."""

import socket

from facts import fact, outcome


def stream():
    return socket.socket(socket.AF_INET, socket.SOCK_STREAM)


def datagram():
    return socket.socket(socket.AF_INET, socket.SOCK_DGRAM)


at = ("127.0.0.1", 2001)


def try_all():
    fact("bind a stream", outcome(lambda: stream().bind(at)))
    fact("connect", outcome(lambda: stream().connect(at)))
    fact("bind datagrams", outcome(lambda: datagram().bind(at)))
    fact("sendto", outcome(lambda: datagram().sendto(b"x", at)))
