"""Not under unsock: opens a TCP listener, and hands it to a server that is, and that calls listen once more."""

import os
import socket
import subprocess
import sys

from facts import fact

SERVER = """
import socket, sys
listener = socket.socket(fileno=int(sys.argv[1]))
listener.listen(5)
listener.accept()[0].sendall(b"served")
"""
under = dict(os.environ, **dict(word.split("=", 1) for word in sys.argv[1:]))
listener = socket.create_server(("127.0.0.1", 0))
command = [sys.executable, "-c", SERVER, str(listener.fileno())]
with subprocess.Popen(command, env=under, pass_fds=[listener.fileno()]):
    with socket.create_connection(listener.getsockname(), 60) as client:
        fact("a client outside is", client.recv(100))
