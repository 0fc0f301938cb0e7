"""Binds a live port, a left-over one and a free one, with no descriptor left where that is told; then asks the live server."""

import errno
import resource
import socket
import sys

from facts import fact

taken = []


def full():
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    try:
        while True:
            taken.append(open("/dev/null"))
    except OSError:
        pass


def bind(port):
    server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if "without descriptors" in sys.argv:
        full()
    try:
        server.bind(("127.0.0.1", port))
        return "bound"
    except OSError as error:
        return errno.errorcode[error.errno]
    finally:
        while taken:
            taken.pop().close()
        server.close()


fact("a live port", bind(2001))
fact("a port that was left", bind(2002))
fact("a free port", bind(2003))
fact("the live server says", socket.create_connection(("127.0.0.1", 2001)).recv(5))
