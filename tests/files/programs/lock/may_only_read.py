import fcntl
import os
import sys

lock = sys.argv[1] + "/.unsock.lock"
for flags in (os.O_RDONLY, os.O_WRONLY, os.O_RDWR, os.O_CREAT | os.O_WRONLY):
    try:
        print("opened", os.open(lock, flags))
    except PermissionError:
        pass
fcntl.flock(os.open(sys.argv[1], os.O_RDONLY), fcntl.LOCK_EX)
print("locked the directory", flush=True)
