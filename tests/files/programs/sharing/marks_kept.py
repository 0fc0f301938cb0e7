import os
import socket

from facts import fact

DIRECTORY = os.environ["UNSOCK_DIR"]


def path(name):
    return os.path.join(DIRECTORY, name)


def bind_sharing(port):
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        server.bind(("127.0.0.1", port))
    except OSError as error:
        return os.strerror(error.errno)
    return server


# A client that was killed: its file is the port's name itself.
stale = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
stale.bind(path("9042.dgram.sock"))
stale.close()
first = bind_sharing(9042)
fact("another one beside the first after a stale client", bind_sharing(9042) != "Address already in use")

# A process that was killed as it came to share, between the record and the port's link.
first = bind_sharing(9043)
os.link(path(".9043u@127.0.0.1"), path(".9043u@127.0.0.1+1"))
os.unlink(path(".9043u@"))
os.symlink("127.0.0.1*1 127.0.0.1*2", path(".9043u@"))
third = bind_sharing(9043)
fact("another one beside the first after a kill", third != "Address already in use")
