import os

from place import path, serving

server = serving()
os.unlink(path)
open(path, "w").write("mine")
server.close()
print(open(path).read())
