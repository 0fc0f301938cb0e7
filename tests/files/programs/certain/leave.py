import os
import signal
import socket
import sys

port = int(sys.argv[1])
os.umask(int(sys.argv[2], 8))
listener = socket.create_server(("127.0.0.1", port))
receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
receiver.bind(("127.0.0.1", port))
print("serves", flush=True)
os.kill(os.getpid(), signal.SIGKILL)
