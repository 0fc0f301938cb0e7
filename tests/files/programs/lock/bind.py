import errno
import socket

try:
    listener = socket.create_server(("127.0.0.1", 2001))
    print("bound")
except OSError as error:
    print(errno.errorcode[error.errno])
