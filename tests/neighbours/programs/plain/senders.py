import os
import socket

DIR = os.environ["UNSOCK_DIR"]
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 2001))
server.settimeout(60)


def plain(name):
    fd = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    if name is not None:
        fd.bind(name)
    fd.settimeout(60)
    return fd


def ask(sender):
    """The port under which the server hears the sender."""
    sender.sendto(b"?", DIR + "/2001.dgram.sock")
    return server.recvfrom(10)[1][1]


def hears(sender):
    sender.setblocking(False)
    try:
        return sender.recv(10).decode()
    except BlockingIOError:
        return None


def name(i):
    return "\0unsock test %d %s" % (i, os.path.basename(DIR))
