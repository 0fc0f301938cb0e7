"""Arguments: a command. Prints after how many of its runs a lock that it had inherited was still held."""

import fcntl
import os
import subprocess
import sys

held = 0
for _ in range(100):
    mine, other = (os.open("lock", os.O_RDWR | os.O_CREAT) for _ in range(2))
    fcntl.flock(mine, fcntl.LOCK_EX)
    os.set_inheritable(mine, True)
    command = subprocess.Popen(sys.argv[1:], close_fds=False)
    os.close(mine)
    command.wait()
    try:
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        held += 1
    os.close(other)
print(held)
