import os
import socket

from facts import fact
from place import PORT, there

control = os.environ["UNSOCK_DIR"] + "/%d.sock" % PORT
for time in "first", "again":
    server = socket.socket(socket.AF_UNIX)
    server.bind(control)
    server.listen()
    fact(f"{time}: there", there())
    server.close()
    fact(f"{time}: there when closed", there())
    fact(f"{time}: size of the control file", os.stat(control).st_size)
