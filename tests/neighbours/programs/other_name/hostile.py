"""Which of these names the server takes for the client's own: each is of a plain Unix socket in a directory of somebody else's."""

import os
import socket
import sys

from asking import client

base, dir = sys.argv[1], os.environ["UNSOCK_DIR"]
server = client()
server.bind(("127.0.0.1", 2001))


def plain(path):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    fd = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    fd.bind(path)
    return fd


def heard(fd):
    fd.sendto(b"!", dir + "/2001.dgram.sock")
    return server.recvfrom(10)[1][1]


def names(port):
    yield base + "/%s/%d.dgram.sock" % (os.path.basename(dir), port)
    yield base + "/x//./%d.dgram.sock" % port
    yield base + "/%d.dgram.sock" % port
    yield dir + "x/%d.dgram.sock" % port
    yield base + "/y/%d@127.0.0.1.dgram.sock" % port
    yield base + "/y/.%d.udp" % port
    yield base + "/y/.%d.dgram.sock.1" % port


def tries(port):
    for name in names(port):
        fd = plain(name)
        if heard(fd) == port:
            print("taken for port", port, name)
        # What it was bound by leads to our directory by now.
        parent = os.path.dirname(os.path.normpath(name))
        if parent != base:
            os.rename(parent, parent + ".away")
            os.symlink(dir, parent)
            if heard(fd) == port:
                print("taken for port", port, "by a link", name)
            os.unlink(parent)
            os.rename(parent + ".away", parent)
        fd.close()
        os.unlink(name)


asks, connected, other = client(), client(), client()
other.bind(("127.0.0.1", 2002))
asks.sendto(b"?", ("127.0.0.1", 2001))
asks = server.recvfrom(10)[1][1]
connected.connect(("127.0.0.1", 2001))
for port in (asks, connected.getsockname()[1], 2002, 2001):
    tries(port)
connected.send(b"?")
print(server.recvfrom(10)[1] == connected.getsockname())
