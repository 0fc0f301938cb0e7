import errno
import os
import shutil
import socket

from facts import fact

shutil.rmtree(os.environ["UNSOCK_DIR"])
for name, call in {
    "bind": lambda s: s.bind(("127.0.0.1", 2003)),
    "connect": lambda s: s.connect(("127.0.0.1", 2003)),
}.items():
    try:
        call(socket.socket())
    except OSError as error:
        fact(name, errno.errorcode[error.errno])
