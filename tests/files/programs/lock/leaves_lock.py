import os
import socket
import sys

from facts import fact

directory = os.environ["UNSOCK_DIR"]
lock = directory + "/.unsock.lock"


def there():
    return os.path.exists(lock)


for _ in range(3):
    socket.create_server(("127.0.0.1", 2001)).close()
fact("mode", oct(os.stat(lock).st_mode & 0o777) if there() else None)
before = os.stat(lock).st_ino if there() else 0
socket.create_server(("127.0.0.1", 2001)).close()
fact("the same for the next server", there() and os.stat(lock).st_ino == before)
if sys.argv[1] == "fork" and os.fork() == 0:
    os._exit(0)
if sys.argv[1] == "fork":
    os.wait()
    fact("there when a child has ended", there())
if sys.argv[1] == "opened":
    os.chmod(directory, 0o777)
    both = [socket.create_server((address, 2001)) for address in ("127.0.0.1", "127.0.0.2")]
    fact("there when others may write", there())
    for one in both:
        one.close()
if sys.argv[1] == "killed":
    os.kill(os.getpid(), 9)
