"""Tries a connect with its rights, without them, and in a child. A second argument is a file that takes stderr's number."""

import os
import socket
import sys


def attempt():
    try:
        socket.socket().connect(("127.0.0.1", 20994))
    except OSError as error:
        print(error.errno, flush=True)


attempt()
if len(sys.argv) > 2:
    os.dup2(os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT, 0o600), 2)
nobody = int(sys.argv[1])
os.setgroups([])
os.setgid(nobody)
os.setuid(nobody)
attempt()
if os.fork() == 0:
    attempt()
    os._exit(0)
os.wait()
