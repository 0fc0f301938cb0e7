import os
import socket
import sys

port = int(sys.argv[1])
if len(sys.argv) > 2:
    os.umask(int(sys.argv[2], 8))
listener = socket.create_server(("127.0.0.1", port))
receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
receiver.bind(("127.0.0.1", port))
print("bound")
