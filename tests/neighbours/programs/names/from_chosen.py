"""From a chosen port to a server of its own, which it holds until it is told to end."""

import signal
import socket
import sys

port, source = map(int, sys.argv[1:3])
listener = socket.create_server(("127.0.0.1", port))
client = socket.create_connection(("127.0.0.1", port), source_address=("127.0.0.1", source))
server, address = listener.accept()
print(address[1], flush=True)
if len(sys.argv) > 3:
    signal.pause()
