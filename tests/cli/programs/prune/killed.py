import os
import signal
import socket

all = []
for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
    for address in ("127.0.0.1", "127.0.0.2", "127.0.0.3"):
        all.append(socket.socket(socket.AF_INET, kind))
        all[-1].bind((address, 9042))
os.kill(os.getpid(), signal.SIGKILL)
