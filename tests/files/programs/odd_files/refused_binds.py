"""Sockets that are there already, so that the next ones are born local, and used up by a bind in vain."""

import errno
import os
import socket

from facts import fact
from port_files import files

d = os.environ["UNSOCK_DIR"] + "/"
held = []


def server(address, port):
    made = socket.socket()
    made.bind((address, port))
    made.listen()
    return made


for born_local in (False, True):
    held += [server("127.0.0.1", 3000 + i) for i in range(20 if born_local else 0)]
    open(d + "2001.sock", "wb").write(b"UNSK" + bytes(4) + b"x" * 444)  # no control file, but meant as one
    tried = socket.socket()
    try:
        tried.bind(("127.0.0.1", 2001))
    except OSError as error:
        assert error.errno == errno.EINVAL
    assert os.listdir(d).count(".2001@127.0.0.1") == 0
    os.unlink(d + "2001.sock")
    first = server("127.0.0.1", 2001)
    try:
        tried.bind(("0.0.0.0", 2001))
    except OSError as error:
        assert error.errno == errno.EADDRINUSE
    assert os.listdir(d).count(".2001@0.0.0.0") == 0
    assert os.readlink(d + "2001.sock") == ".2001@127.0.0.1"
    tried.bind(("127.0.0.1", 2002))
    tried.listen()
    client = socket.create_connection(("127.0.0.1", 2002))
    again = socket.socket()
    try:
        again.bind(("127.0.0.1", 2001))
    except OSError as error:
        assert error.errno == errno.EADDRINUSE
    again.connect(("127.0.0.1", 2001))
    for one in (tried, client, first, again):
        one.close()
for one in held:
    one.close()
fact("names", files())
