"""Takes the lock of a directory as c/files/lock.c does, and holds it: lock_holder.py DIRECTORY SECONDS [kill]

With "kill" it ends as a killed process does: the kernel releases the lock, and the lock's file stays.
"""

import fcntl
import os
import sys
import time

ATTEMPTS = 2000


def _attempt(path):
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o200)
    except PermissionError:
        return None
    try:
        fcntl.lockf(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(fd), os.lstat(path)):
            return fd
    except OSError:
        pass
    os.close(fd)
    return None


def main():
    path, seconds = os.path.join(sys.argv[1], ".unsock.lock"), float(sys.argv[2])
    for _ in range(ATTEMPTS):
        fd = _attempt(path)
        if fd is not None:
            time.sleep(seconds)
            if "kill" not in sys.argv:
                os.unlink(path)
                os.close(fd)
            return 0
        time.sleep(0.0005)
    return 1


os._exit(main())
