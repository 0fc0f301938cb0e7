import errno
import os
import shutil
import socket

shutil.rmtree(os.environ["UNSOCK_DIR"])
for call in (lambda s: s.bind(("127.0.0.1", 2003)), lambda s: s.connect(("127.0.0.1", 2003))):
    try:
        call(socket.socket())
    except OSError as error:
        print(errno.errorcode[error.errno], end=" ")
