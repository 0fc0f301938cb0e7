"""Opens COUNT connections, sends TEXT on each, and holds them until it is ended: `PORT COUNT TEXT`. Prints "held".
The text goes below TLS: it may be a handshake that is never finished."""

import signal
import socket
import sys

PORT, COUNT, TEXT = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3].encode()
held = []
for _ in range(COUNT):
    client = socket.create_connection(("127.0.0.1", PORT))
    held.append(client)
    try:
        client.sendall(TEXT)
    except ConnectionError:
        pass  # the front has closed it: there were too many
print("held", flush=True)
signal.pause()
