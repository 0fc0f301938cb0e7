import os

from place import serving, there

for last in os.close, lambda fd: os.dup2(0, fd), lambda fd: os.closerange(fd, fd + 1):
    server = serving()
    copies = [os.dup(server.fileno()) for _ in range(3)]
    server.close()
    os.close(copies[0])
    os.dup2(0, copies[1])
    print(there(), end=" ")
    last(copies[2])
    print(there())
