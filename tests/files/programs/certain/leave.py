import os
import signal
import socket
import sys
import time

port = int(sys.argv[1])
os.umask(int(sys.argv[2], 8))
asked = len(sys.argv) > 3
if asked:
    # A connect moves an atime that is older than the file's last change: late in a second more of the notes are.
    time.sleep((0.9 - time.time()) % 1)
listener = socket.create_server(("127.0.0.1", port))
receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
receiver.bind(("127.0.0.1", port))
if asked:
    clients = [socket.create_connection(("127.0.0.1", port)), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)]
    clients[1].connect(f"{os.environ['UNSOCK_DIR']}/{port}.dgram.sock")
print("serves", flush=True)
os.kill(os.getpid(), signal.SIGKILL)
