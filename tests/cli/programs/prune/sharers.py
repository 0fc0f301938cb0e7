"""Sockets that share addresses, with options; and clients that ask the default address, and another one."""

import os
import signal
import socket
import sys
import time

all = []


def make(kind, option=None):
    all.append(socket.socket(socket.AF_INET, kind))
    if option:
        all[-1].setsockopt(socket.SOL_SOCKET, option, 1)
    return all[-1]


for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
    for port, option in ((9042, socket.SO_REUSEADDR), (9043, socket.SO_REUSEPORT)):
        for address in ("127.0.0.1", "127.0.0.1"):
            one = make(kind, option)
            one.bind((address, port))
            if kind == socket.SOCK_STREAM and option == socket.SO_REUSEADDR and one is all[0]:
                # Reserved from now on: another one may be bound beside it.
                one.listen()
                one.shutdown(socket.SHUT_RDWR)
for address in ("127.0.0.1", "127.0.0.2"):
    make(socket.SOCK_DGRAM).sendto(b"x", (address, 9999))
print("ready", flush=True)
if len(sys.argv) > 1:
    os.kill(os.getpid(), signal.SIGKILL)
time.sleep(60)
