import array
import os
import socket

from facts import fact

receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
receiver.bind(("127.0.0.1", 2002))
listener = socket.create_server(("127.0.0.1", 2002))
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
client.sendto(b"x", ("127.0.0.1", 2002))
port = receiver.recvfrom(1)[1][1]


def send(kind, name):
    plain = socket.socket(socket.AF_UNIX, kind)
    plain.connect(os.environ["UNSOCK_DIR"] + "/" + name)
    try:
        return plain.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0]))])
    except PermissionError:
        return "refused"


fact("connection", send(socket.SOCK_STREAM, "2002.sock"))
fact("datagram server", send(socket.SOCK_DGRAM, "2002.dgram.sock"))
fact("datagram client", send(socket.SOCK_DGRAM, "%d.dgram.sock" % port))
