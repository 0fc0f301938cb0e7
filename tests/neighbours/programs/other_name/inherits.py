"""Its second life has the directory by another name."""

import os
import socket
import sys

from asking import client
from facts import fact


def told(fd):
    try:
        return fd.getsockname()[:2]
    except OSError as error:
        return error


if len(sys.argv) > 2:
    server, asks, stream = (socket.socket(fileno=int(fd)) for fd in sys.argv[2:])
    fact("server", [server.family.name, *told(server)])
    fd = client()
    fd.sendto(b"?", ("127.0.0.1", 2001))
    data, sender = server.recvfrom(10)
    server.sendto(b"!", sender)
    fact("it answers from", fd.recvfrom(10)[1])
    if sys.argv[1] == "link":
        fact("client", [asks.family.name, told(asks)[0]])
        fact("its peer", asks.getpeername())
        asks.send(b"?")
        fact("the server hears it by its name", server.recvfrom(10)[1] == told(asks))
        fact("listener", [stream.family.name, *told(stream)])
else:
    server, asks, stream = client(), client(), socket.socket()
    server.bind(("127.0.0.1", 2001))
    asks.connect(("127.0.0.1", 2001))
    stream.bind(("127.0.0.1", 2001))
    stream.listen()
    for fd in (server, asks, stream):
        os.set_inheritable(fd.fileno(), True)
    os.environ["UNSOCK_DIR"] = os.environ["OTHER"]
    os.execv(
        sys.executable,
        [sys.executable, "-c", os.environ["AGAIN"], sys.argv[1]] + [str(fd.fileno()) for fd in (server, asks, stream)],
    )
