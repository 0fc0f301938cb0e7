import subprocess
import sys

from handed import listen, new

fd = new(family=6)
print(listen(fd, "::"), flush=True)
fd.set_inheritable(True)
tell = "import socket; print(socket.socket(fileno=%d).getsockname()[:2])" % fd.fileno()
subprocess.run([sys.executable, "-c", tell], close_fds=False)
fd.close()
fd = new()
print(listen(fd), flush=True)
fd.set_inheritable(True)
subprocess.run([sys.executable, "-c", tell], close_fds=False)
