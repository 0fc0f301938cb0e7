import errno
import socket

for _ in range(8):
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        print(bound.getsockname()[1], end=" ")
with socket.socket() as bound:
    try:
        bound.bind(("127.0.0.1", 4001))
    except OSError as error:
        print(errno.errorcode[error.errno])
