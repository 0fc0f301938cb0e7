import os
import sys

from addresses import links, listening, names, reached

first, second = listening("127.0.0.1"), listening("127.0.0.2")
os.set_inheritable(second.fileno(), True)
if os.fork() == 0:
    first.close()
    program = """
import os, socket, sys
second = socket.socket(fileno=int(sys.argv[1]))
client = socket.create_connection(("127.0.0.2", 9042))
peer, name = second.accept()
print(second.getsockname(), peer.getsockname(), name == client.getsockname(), flush=True)
second.close()
print(sorted(name for name in os.listdir(os.environ["UNSOCK_DIR"]) if name != ".unsock.lock"), flush=True)
"""
    os.execv(sys.executable, [sys.executable, "-c", program, str(second.fileno())])
second.close()
os.wait()
print(names(), links(), reached([first], "127.0.0.1"))
