"""Connects to 127.0.0.1:PORT, prints "ready" and waits."""

import socket
import sys
import time

client = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
print("ready", flush=True)
time.sleep(600)
