import os
import subprocess
import sys

from facts import fact
from handed import listen, new, served

program = "import socket; print(socket.socket().bind(('127.0.0.1', 8000)))"
child = subprocess.run([sys.executable, "-c", program], close_fds=False, stderr=subprocess.PIPE, text=True)
fact("a started process is told EADDRINUSE", "Address already in use" in child.stderr)
if os.fork() == 0:
    fd = new()
    fact("a forked one's listen", listen(fd))
    fact("it serves", served(fd))
    os._exit(0)
os.wait()
