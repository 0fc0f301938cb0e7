import os
import socket

from facts import fact
from port_files import files


def bind(port):
    listener = socket.socket()
    listener.bind(("127.0.0.1", port))
    return listener


# A process that another thread is just starting has each socket until its exec.
listener = bind(2001)
told, tell = os.pipe()
child = os.fork()
if child == 0:
    os.read(told, 1)
    os.execv("/bin/true", ["true"])
listener.close()
os.write(tell, b"x")
os.waitpid(child, 0)
fact("names when the other process has executed a program", files())
bind(2002).close()
fact("names after the next close", files())
