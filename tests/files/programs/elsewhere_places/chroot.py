import os

from place import path, serving, there

server = serving()
root = os.path.dirname(os.environ["UNSOCK_DIR"]) + "/root"
os.makedirs(root + os.path.dirname(path))
open(root + path, "w").close()
os.chroot(root)
server.close()
print(there(), flush=True)
