import os
import select
import socket

from facts import fact
from port_files import files

fds, set = [socket.socket() for i in range(2)], select.epoll()
for fd in fds:
    fd.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    fd.bind(("127.0.0.1", 2001))
    fd.listen()
    set.register(fd, select.EPOLLIN)
if os.fork() == 0:
    for fd in fds:
        fd.close()
    os._exit(0)
os.wait()
client = socket.create_connection(("127.0.0.1", 2001))
fact("registrations that tell of a client", len(set.poll(10)))
for fd in fds:
    fd.close()
fact("when all are closed", set.poll(0))
fact("names left", files())
