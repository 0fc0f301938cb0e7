"""Its second life has the directory by another name."""

import os
import socket
import sys

from asking import client


def told(fd):
    try:
        return fd.getsockname()[:2]
    except OSError as error:
        return error


if len(sys.argv) > 2:
    server, asks, stream = (socket.socket(fileno=int(fd)) for fd in sys.argv[2:])
    print(server.family.name, told(server)[0], told(server)[1] == 2001)
    fd = client()
    fd.sendto(b"?", ("127.0.0.1", 2001))
    data, sender = server.recvfrom(10)
    server.sendto(b"!", sender)
    print(fd.recvfrom(10)[1])
    if sys.argv[1] == "link":
        print(asks.family.name, told(asks)[0], asks.getpeername())
        asks.send(b"?")
        print(server.recvfrom(10)[1] == told(asks))
        print(stream.family.name, told(stream)[0], told(stream)[1] == 2001)
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
