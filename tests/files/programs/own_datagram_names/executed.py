import os
import socket
import sys

from addresses import asked, bound, names
from facts import fact

if len(sys.argv) > 1:
    first, second = (socket.socket(fileno=int(number)) for number in sys.argv[1:])
    client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for server in first, second:
        client.sendto(b"?", server.getsockname())
        data, name = server.recvfrom(10)
        server.sendto(b"!", name)
        address = server.getsockname()
        fact(f"after exec: {address[0]} answers by its address", client.recvfrom(10)[1] == address)
        fact(f"after exec: {address[0]} sees the client", name[1] == client.getsockname()[1])
    second.close(), client.close()
    fact("after exec: names when the second has closed", names())
    os._exit(0)
first, second = bound("127.0.0.1"), bound("127.0.0.2")
os.set_inheritable(second.fileno(), True)
os.set_inheritable(first.fileno(), True)
child = os.fork()
if child == 0:
    os.execv(sys.executable, [sys.executable, "-c", sys.orig_argv[2], str(first.fileno()), str(second.fileno())])
second.close()
os.waitpid(child, 0)
fact("names", names())
fact("127.0.0.1 reaches", asked([first], "127.0.0.1"))
