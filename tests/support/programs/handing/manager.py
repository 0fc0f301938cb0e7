import json
import os
import socket
import sys

opened, kept = [], []
for kind, name in json.loads(sys.argv[1]):
    fd = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM if kind == "datagram" else socket.SOCK_STREAM)
    fd.bind(name if name[0] in "/@" else os.path.join(os.environ["UNSOCK_DIR"], name))
    if kind != "datagram":
        fd.listen(16)
    if kind == "connection":
        client = socket.socket(socket.AF_UNIX)
        client.connect(fd.getsockname())
        kept += [fd, client]
        fd = fd.accept()[0]
    opened.append(fd)
for i, fd in enumerate(opened):
    os.dup2(fd.fileno(), 100 + i, inheritable=False)
for i, fd in enumerate(kept):
    os.dup2(fd.fileno(), 200 + i)
for i, fd in enumerate(opened):
    os.dup2(100 + i, 3 + i, inheritable=True)
os.environ.update({"LISTEN_FDS": str(len(opened)), "LISTEN_PID": str(os.getpid()), **json.loads(sys.argv[2])})
os.execvp(sys.argv[3], sys.argv[3:])
