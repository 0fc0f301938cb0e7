import os
import sys

from addresses import asked, bound, names

first, second = bound("127.0.0.1"), bound("127.0.0.2")
os.set_inheritable(second.fileno(), True)
os.set_inheritable(first.fileno(), True)
child = os.fork()
if child == 0:
    program = """
import os, socket, sys
first, second = (socket.socket(fileno=int(number)) for number in sys.argv[1:])
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for server in first, second:
    client.sendto(b"?", server.getsockname())
    data, name = server.recvfrom(10)
    server.sendto(b"!", name)
    print(server.getsockname(), name[1] == client.getsockname()[1], client.recvfrom(10)[1], flush=True)
second.close(), client.close()
print(sorted(name for name in os.listdir(os.environ["UNSOCK_DIR"]) if name != ".unsock.lock"), flush=True)
"""
    os.execv(sys.executable, [sys.executable, "-c", program, str(first.fileno()), str(second.fileno())])
second.close()
os.waitpid(child, 0)
print(names(), asked([first], "127.0.0.1"))
