import os
import socket
import sys
import threading
import time

from port_files import files

listener = socket.create_server(("127.0.0.1", 2001))
parent = os.getpid()
child = os.fork() if sys.argv[1] == "shared" else None
if child == 0:
    while os.getppid() == parent:
        time.sleep(0.01)
    print(files(), flush=True)
    client = socket.create_connection(("127.0.0.1", 2001))
    listener.accept()[0].send(b"served")
    print(client.recv(6).decode(), flush=True)
    os._exit(0)
thread = threading.Thread(target=listener.accept, daemon=True)
thread.start()
while " S " not in open("/proc/self/task/%d/stat" % thread.native_id).read():
    time.sleep(0.01)
