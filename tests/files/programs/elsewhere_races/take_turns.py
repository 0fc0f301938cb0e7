"""Three servers, of which one has the place at a time; each asks itself, as a program would that knows nothing of unsock."""

import errno
import os
import socket

from place import at, path, there


def reaches(server):
    "Over the file, as a program that knows nothing of unsock."
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(60)
        client.connect(path)
        connection = server.accept()[0]
        connection.send(b"%d" % os.getpid())
        answer = client.recv(20)
        connection.close()
        return answer == b"%d" % os.getpid()


def bound_at_last():
    while True:
        server = socket.socket()
        try:
            server.bind(at)
            server.listen()
            return server
        except OSError as error:
            assert error.errno == errno.EADDRINUSE, error
            server.close()


children = []
for _ in range(3):
    children.append(os.fork())
    if children[-1] == 0:
        for _ in range(300):
            server = bound_at_last()
            for _ in range(2):
                assert there() and reaches(server)
            server.close()
        os._exit(0)
print([os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children], there())
