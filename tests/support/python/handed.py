"""Sockets of a program to which a service manager may hand some."""

import os
import socket

FAMILIES = {4: socket.AF_INET, 6: socket.AF_INET6}


def new(type=socket.SOCK_STREAM, family=4, reuseport=False):
    fd = socket.socket(FAMILIES[family], type)
    if reuseport:
        fd.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    fd.settimeout(60)
    return fd


def bind(fd, address="127.0.0.1", port=8000):
    """0 or the errno."""
    try:
        fd.bind((address, port))
    except OSError as error:
        return error.errno
    return 0


def listen(fd, address="127.0.0.1"):
    result = bind(fd, address)
    if result == 0:
        fd.listen()
    return result


def served(fd):
    """Does a client reach this listener?"""
    client = socket.create_connection(("127.0.0.1", 8000))
    accepted, peer = fd.accept()
    return peer == client.getsockname()


def plain(path):
    client = socket.socket(socket.AF_UNIX)
    client.connect(path)
    return client


DIR = os.environ["UNSOCK_DIR"]
