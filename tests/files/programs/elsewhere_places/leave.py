import os

from place import serving, there

child = os.fork()
if child == 0:
    server = serving()
    os.kill(os.getpid(), 9)
os.waitpid(child, 0)
assert there()
