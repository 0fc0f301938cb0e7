import os
import socket
import threading

from facts import fact
from place import PORT, path, serving

control = os.environ["UNSOCK_DIR"] + "/%d.sock"
content = open(control % PORT, "rb").read()


def mapped(port):
    old, new = path.encode(), b"%s%d" % (path.encode(), port)
    open(control % port, "wb").write(content.replace(old + bytes(len(new) - len(old)), new))
    return socket.create_server(("127.0.0.1", port))


servers = [mapped(port) for port in range(3000, 3040)]
child = os.fork()
if child == 0:
    threading.Event().wait()
for server in servers:
    server.close()
names = lambda: len(os.listdir(os.path.dirname(path)))
fact("names while a child has them", names())
os.kill(child, 9)
os.waitpid(child, 0)
serving().close()
fact("names when it is killed", names())
os.closerange(3, 100)
