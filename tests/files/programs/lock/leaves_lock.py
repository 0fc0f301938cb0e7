import os
import socket
import sys

directory = os.environ["UNSOCK_DIR"]
lock = directory + "/.unsock.lock"


def there():
    return os.path.exists(lock)


for _ in range(3):
    socket.create_server(("127.0.0.1", 2001)).close()
print(there(), oct(os.stat(lock).st_mode & 0o777) if there() else None, flush=True)
before = os.stat(lock).st_ino if there() else 0
socket.create_server(("127.0.0.1", 2001)).close()
print(there() and os.stat(lock).st_ino == before, flush=True)
if sys.argv[1] == "fork" and os.fork() == 0:
    os._exit(0)
if sys.argv[1] == "fork":
    print(os.wait()[1], there(), flush=True)
if sys.argv[1] == "opened":
    os.chmod(directory, 0o777)
    both = [socket.create_server((address, 2001)) for address in ("127.0.0.1", "127.0.0.2")]
    print(there(), flush=True)
    for one in both:
        one.close()
if sys.argv[1] == "killed":
    os.kill(os.getpid(), 9)
