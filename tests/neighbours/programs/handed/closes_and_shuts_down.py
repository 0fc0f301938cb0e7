import os
import select
import socket

from facts import fact
from handed import DIR, bind, listen, new, plain

fd, set = new(), select.epoll()
set.register(fd, select.EPOLLIN)
fact("listen", listen(fd))
if os.fork() == 0:
    fd.close()
    os._exit(0)
os.wait()
client = socket.create_connection(("127.0.0.1", 8000))
fact("registered after a child has closed", set.poll(10) == [(fd.fileno(), select.EPOLLIN)])
fd.accept()
fd.shutdown(socket.SHUT_RDWR)
fd.close()
client = plain(DIR + "/8000.sock")
fact("registered after shutdown and close", set.poll(0))
fact("the manager's listener has the client", select.select([3], [], [], 10)[0] == [3])
fd = new(socket.SOCK_DGRAM)
fact("bind of datagrams", bind(fd))
try:
    fd.shutdown(socket.SHUT_RDWR)
except OSError as error:
    fact("shutdown of datagrams", error.errno)
fd.close()
client = new(socket.SOCK_DGRAM)
client.sendto(b"x", ("127.0.0.1", 8000))
fact("the manager's socket has the datagram", select.select([4], [], [], 10)[0] == [4])
