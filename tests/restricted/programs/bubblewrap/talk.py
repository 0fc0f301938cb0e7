"""A stream and a datagram exchange, and a child; with it how many filters are in force."""

import pathlib
import socket
import subprocess
import sys

from facts import fact

status = pathlib.Path("/proc/self/status").read_text()
fact("has a filter", "Seccomp:\t2\n" in status)
listener = socket.create_server(("127.0.0.1", 8000))
with socket.create_connection(("127.0.0.1", 8000)) as client:
    server, address = listener.accept()
    fact("the client's address", address == client.getsockname())
    client.sendall(b"asked")
    client.shutdown(socket.SHUT_WR)
    server.sendall(b"heard " + server.makefile("rb").read())
    server.close()
    fact("stream", client.makefile("rb").read())
asker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
answerer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
answerer.bind(("127.0.0.1", 8000))
asker.sendto(b"asked", ("127.0.0.1", 8000))
question, address = answerer.recvfrom(100)
answerer.sendto(b"heard " + question, address)
fact("datagram", asker.recvfrom(100))
code = "import socket; print(socket.socket().connect_ex(('127.0.0.1', 8000)))"
fact("a child connects", subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout)
