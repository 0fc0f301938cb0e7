import errno
import socket
import sys

try:
    listener = socket.create_server(("127.0.0.1", 2001))
    print("bound")
except OSError as error:
    print(errno.errorcode[error.errno])
    if "alone" not in sys.argv:
        print(socket.create_connection(("127.0.0.1", 2001)).recv(5).decode())
