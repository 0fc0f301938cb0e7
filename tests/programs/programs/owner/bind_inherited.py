import fcntl
import os
import socket
import sys

if len(sys.argv) > 2:
    inherited = socket.socket(fileno=int(sys.argv[2]))
else:
    inherited = socket.socket(type=getattr(socket, sys.argv[1]))
    fcntl.fcntl(inherited, fcntl.F_SETOWN, os.getpid())
    if os.environ.get("EXEC"):
        inherited.set_inheritable(True)
        os.execv(sys.executable, [sys.executable, "-c", sys.orig_argv[2], sys.argv[1], str(inherited.fileno())])
inherited.bind(("127.0.0.1", 2001))
print(
    fcntl.fcntl(inherited, fcntl.F_GETOWN) == os.getpid(),
    os.path.exists(os.environ["UNSOCK_DIR"] + "/2001" + (".dgram" if sys.argv[1] == "SOCK_DGRAM" else "") + ".sock"),
)
