"""Servers of a port that leads to a path elsewhere, which is the first argument."""

import os
import socket
import sys

PORT = 2000
path = sys.argv[1]
at = ("127.0.0.1", PORT)


def there():
    return os.path.exists(path)


def bound(kind=socket.SOCK_STREAM):
    server = socket.socket(socket.AF_INET, kind)
    server.bind(at)
    return server


def serving():
    server = bound()
    server.listen()
    return server


def served(server):
    client = socket.create_connection(at)
    server.accept()[0].send(b"served")
    return client.recv(6).decode()


def plain(kind=socket.SOCK_STREAM):
    "Somebody who knows nothing of unsock."
    server = socket.socket(socket.AF_UNIX, kind)
    server.bind(path)
    return server


def waits(thread):
    return " S " in open("/proc/self/task/%d/stat" % thread.native_id).read()
