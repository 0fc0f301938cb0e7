import ctypes
import os
import socket

from facts import fact
from port_files import files

libc = ctypes.CDLL(None)


def listening():
    listener = socket.socket()
    for option in socket.SO_REUSEADDR, socket.SO_REUSEPORT:
        listener.setsockopt(socket.SOL_SOCKET, option, 1)
    listener.bind(("127.0.0.1", 2001))
    listener.listen()
    return listener


old = listening()
assert libc.connect(old.fileno(), bytes(16), 16) == 0
told, tell = os.pipe()
go_on, resumed = os.pipe()
if os.fork() == 0:
    old.close()
    new = listening()
    os.write(tell, b"x")
    os.read(go_on, 1)
    new.close()
    os._exit(0)
os.read(told, 1)
old.listen()
os.write(resumed, b"x")
os.wait()
client = socket.create_connection(("127.0.0.1", 2001))
fact("the old one accepts", old.accept()[1] == client.getsockname())
fact("names", files())
old.close()
fact("names when it has closed", files())
