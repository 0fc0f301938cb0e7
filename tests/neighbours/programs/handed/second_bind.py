import os

from handed import bind, listen, new, served

fds = [new() for i in range(4)] + [new(family=6)]
print(listen(fds[0]), listen(fds[1]), listen(fds[2], "0.0.0.0"), listen(fds[3], "127.0.0.2"), listen(fds[4], "::1"))
names = [fds[i].getsockname()[:2] for i in (0, 3, 4)]
print(names)
for fd in fds:
    fd.close()
fds = [new(reuseport=True) for i in range(2)]
print([listen(fd) for fd in fds], bind(new()), served(fds[0]), served(fds[1]))
if os.fork() == 0:
    print(bind(new(reuseport=True)), bind(new()), flush=True)
else:
    os.wait()
