import os
import select
import socket

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
print(len(set.poll(10)), flush=True)
for fd in fds:
    fd.close()
print(set.poll(0), files())
