import os
import subprocess
import sys

from handed import listen, new, served

program = "import socket; print(socket.socket().bind(('127.0.0.1', 8000)))"
child = subprocess.run([sys.executable, "-c", program], close_fds=False, stderr=subprocess.PIPE, text=True)
print(child.returncode, "Address already in use" in child.stderr, flush=True)
if os.fork() == 0:
    fd = new()
    print(listen(fd), served(fd), flush=True)
    os._exit(0)
os.wait()
