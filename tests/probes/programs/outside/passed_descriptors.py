import os
import socket

from facts import fact

receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
receiver.bind(("127.0.0.1", 2001))
listener = socket.create_server(("127.0.0.1", 2002))
before = len(os.listdir("/proc/self/fd"))
for kind, name in (socket.SOCK_DGRAM, "2001.dgram.sock"), (socket.SOCK_STREAM, "2002.sock"):
    plain = socket.socket(socket.AF_UNIX, kind)
    plain.connect(os.environ["UNSOCK_DIR"] + "/" + name)
    # Where the kernel can refuse them (SO_PASSRIGHTS), it tells who sends them.
    try:
        socket.send_fds(plain, [b"x"], [0] * 100)
    except PermissionError:
        plain.send(b"x")
    server = receiver if kind == socket.SOCK_DGRAM else listener.accept()[0]
    data, control, flags, sender = server.recvmsg(10, 4096)
    plain.close()
    if server is not receiver:
        server.close()
    fact(kind.name, [data, control])
fact("more descriptors", len(os.listdir("/proc/self/fd")) - before)
