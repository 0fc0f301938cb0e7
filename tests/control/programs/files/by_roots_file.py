"""Root serves, and an ordinary user asks by control files that only root may write."""

import os
import socket
import sys

base, port, nobody = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
stream, datagram = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
for server, name in (stream, "server"), (datagram, "datagrams"):
    server.bind(base + "/" + name)
    os.chmod(base + "/" + name, 0o777)
stream.listen()


def client(kind, *family):
    return socket.socket(*family or (socket.AF_INET,), kind)


if os.fork() == 0:
    os.setgroups([])
    os.setgid(nobody)
    os.setuid(nobody)
    client(socket.SOCK_STREAM).connect(("127.0.0.1", port))
    client(socket.SOCK_STREAM, socket.AF_UNIX).connect(base + "/s/%d.sock" % port)
    client(socket.SOCK_DGRAM).sendto(b"sent", ("127.0.0.1", port))
    connected = client(socket.SOCK_DGRAM)
    connected.connect(("127.0.0.1", port))
    connected.send(b"connected")
    os._exit(0)
print(os.waitstatus_to_exitcode(os.wait()[1]))
for server in stream, datagram:
    server.setblocking(False)
stream.accept(), stream.accept()
print(datagram.recv(99), datagram.recv(99))
