import subprocess
import sys

from facts import fact
from handed import listen, new

fd = new(family=6)
fact("listen on all addresses", listen(fd, "::"))
fd.set_inheritable(True)
tell = "import socket; print(socket.socket(fileno=%d).getsockname()[0])" % fd.fileno()
fact("told after exec", subprocess.check_output([sys.executable, "-c", tell], close_fds=False).strip())
fd.close()
fd = new()
fact("listen on one", listen(fd))
fd.set_inheritable(True)
fact("told after exec then", subprocess.check_output([sys.executable, "-c", tell], close_fds=False).strip())
