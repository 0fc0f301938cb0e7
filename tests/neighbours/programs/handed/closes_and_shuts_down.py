import os
import select
import socket

from handed import DIR, bind, listen, new, plain

fd, set = new(), select.epoll()
set.register(fd, select.EPOLLIN)
print(listen(fd))
if os.fork() == 0:
    fd.close()
    os._exit(0)
os.wait()
client = socket.create_connection(("127.0.0.1", 8000))
print(set.poll(10) == [(fd.fileno(), select.EPOLLIN)])
fd.accept()
fd.shutdown(socket.SHUT_RDWR)
fd.close()
client = plain(DIR + "/8000.sock")
print(set.poll(0), select.select([3], [], [], 10)[0])
fd = new(socket.SOCK_DGRAM)
print(bind(fd))
try:
    fd.shutdown(socket.SHUT_RDWR)
except OSError as error:
    print(error.errno)
fd.close()
client = new(socket.SOCK_DGRAM)
client.sendto(b"x", ("127.0.0.1", 8000))
print(select.select([4], [], [], 10)[0])
