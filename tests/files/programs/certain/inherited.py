import os
import socket

listener = socket.create_server(("127.0.0.1", 2001))
os.set_inheritable(listener.fileno(), True)
if os.fork() == 0:
    # Not under the library, and not to be looked into.
    env = {name: value for name, value in os.environ.items() if not name.startswith(("UNSOCK", "LD_"))}
    os.execve("/bin/sleep", ["sleep", "60"], env)
print(os.getpid(), flush=True)
