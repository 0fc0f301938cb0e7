import os
import socket

from facts import fact
from port_files import files

d = os.environ["UNSOCK_DIR"] + "/"
for name in ("2001", "2001u"):
    os.symlink("." + name + "@127.0.0.1", d + name.replace("u", ".dgram") + ".sock")
    os.lchown(d + name.replace("u", ".dgram") + ".sock", 12345, 12345)
stream, datagram = socket.socket(), socket.socket(type=socket.SOCK_DGRAM)
for one in (stream, datagram):
    one.bind(("127.0.0.1", 2001))
fact("names", files())
