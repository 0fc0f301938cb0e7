import os
import socket
import sys

listener = socket.create_server(("127.0.0.1", 2001))
receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
receiver.bind(("127.0.0.1", 2002))
if "leaves" in sys.argv:
    os._exit(0)
if "forks" in sys.argv:
    if os.fork() == 0:
        sys.exit()
    os.wait()
