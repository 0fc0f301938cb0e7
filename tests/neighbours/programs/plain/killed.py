import os
import signal
import socket

from facts import fact
from senders import ask, name, plain, server
from port_files import files

if os.fork() == 0:
    for i in range(3):
        ask(plain(name(i)))
    os.kill(os.getpid(), signal.SIGKILL)
os.wait()
server.close()
left = [int(file.split(".")[0]) for file in files()]
for port in left:
    fd = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    fd.bind(("127.0.0.1", port))
    fd.close()
fact("ports left", len(left))
fact("names left", files())
