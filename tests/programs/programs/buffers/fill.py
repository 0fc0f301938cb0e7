"""How many bytes a connection holds that nobody reads, in writes of each size that is an argument."""

import socket
import sys

from facts import fact

listener = socket.create_server(("127.0.0.1", 8000))
for size in sys.argv[1:]:
    client = socket.create_connection(("127.0.0.1", 8000))
    server = listener.accept()[0]
    client.setblocking(False)
    held = 0
    try:
        while True:
            held += client.send(b"x" * int(size))
    except BlockingIOError:
        fact(size, held)
