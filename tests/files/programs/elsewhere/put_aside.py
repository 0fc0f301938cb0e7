import os
import socket

from facts import fact
from place import path, serving, there

aside = os.path.dirname(path) + "/.unsock.gone"


def put_aside():
    other = socket.socket(socket.AF_UNIX)
    other.bind(aside)
    return other


put_aside().close()
serving().close()
fact("names", os.listdir(os.path.dirname(path)))
other = put_aside()
serving().close()
fact("its own file is there", there())
fact("a live one's is there", os.path.exists(aside))
os.unlink(aside)
serving().close()
