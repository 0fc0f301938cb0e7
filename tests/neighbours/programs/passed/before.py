"""Not under unsock, as systemd and inetd: makes the server's sockets, and peers that send before it is there."""

import array
import os
import socket
import sys

directory, program, peers = sys.argv[1], sys.argv[2], int(sys.argv[3])
listener = socket.socket(socket.AF_UNIX)
listener.bind(directory + "/2001.sock")
listener.listen(100)
receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
receiver.bind(directory + "/2001.dgram.sock")


def send(fds):
    for kind, name in (socket.SOCK_STREAM, "2001.sock"), (socket.SOCK_DGRAM, "2001.dgram.sock"):
        plain = socket.socket(socket.AF_UNIX, kind)
        plain.connect(directory + "/" + name)
        plain.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))])


if peers == 0:
    sink = socket.create_server(("127.0.0.1", 0))
    lingering = socket.create_connection(sink.getsockname())
    connection = sink.accept()[0]
    lingering.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, array.array("i", [1, 1000]).tobytes())
    lingering.setblocking(False)
    try:
        while True:
            lingering.send(bytes(65536))
    except BlockingIOError:
        pass
    send([lingering.fileno()])
    lingering.close()
    os.set_inheritable(connection.fileno(), True)
    os.set_inheritable(sink.fileno(), True)
for i in range(peers):
    plain = socket.socket(socket.AF_UNIX)
    plain.connect(directory + "/2001.sock")
    connection = listener.accept()[0]
    os.dup2(connection.fileno(), 100 + i)
    connection.close()
    plain.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0] * 100))])
for i in range(peers):
    send([0] * 100)
assert (listener.fileno(), receiver.fileno()) == (3, 4)
for fd in 3, 4:
    os.set_inheritable(fd, True)
environment = dict(os.environ, **{name: value for name, _, value in (word.partition("=") for word in sys.argv[4:])})
os.execvpe("python3", ["python3", "-c", program], environment)
