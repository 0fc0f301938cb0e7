import os
import socket
import sys

from addresses import links, listening, names, reached
from facts import fact

if len(sys.argv) > 1:
    second = socket.socket(fileno=int(sys.argv[1]))
    client = socket.create_connection(("127.0.0.2", 9042))
    peer, name = second.accept()
    fact("after exec: its name", second.getsockname())
    fact("after exec: the connection's name", peer.getsockname())
    fact("after exec: the peer is the client", name == client.getsockname())
    second.close()
    fact("after exec: names when it has closed", names())
    os._exit(0)
first, second = listening("127.0.0.1"), listening("127.0.0.2")
os.set_inheritable(second.fileno(), True)
if os.fork() == 0:
    first.close()
    os.execv(sys.executable, [sys.executable, "-c", sys.orig_argv[2], str(second.fileno())])
second.close()
os.wait()
fact("names", names())
fact("links", links())
fact("127.0.0.1 reaches", reached([first], "127.0.0.1"))
