import os

from facts import fact
from place import path, serving

server = serving()
os.unlink(path)
open(path, "w").write("mine")
server.close()
fact("what is there", open(path).read())
