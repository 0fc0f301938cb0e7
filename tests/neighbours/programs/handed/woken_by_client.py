import socket
import threading

from facts import fact
from handed import bind, new

fds = [new(), new()]
for fd in fds:
    fd.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
fact("two with SO_REUSEADDR", [bind(fd) for fd in fds])
fds[0].listen()
fds[0].settimeout(None)


def wait():
    for i in range(2):
        accepted.append(fds[0].accept())


accepted = []
waiting = threading.Thread(target=wait, daemon=True)
waiting.start()
socket.create_connection(("127.0.0.1", 8000))
while not accepted:
    pass
while open("/proc/self/task/%d/stat" % waiting.native_id).read().rpartition(")")[2].split()[0] != "S":
    pass
fds[0].shutdown(socket.SHUT_RDWR)
waiting.join(0.1)
fact("shutdown lets it wait", waiting.is_alive() and len(accepted) == 1)
socket.create_connection(("127.0.0.1", 8000))
while len(accepted) < 2:
    pass
fact("a client wakes it", accepted[1][0].fileno() > 0)
waiting.join()
