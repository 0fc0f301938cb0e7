"""A multiplexer that takes nobody until it is told to."""

import socket
import sys
import threading

listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen(0)
print("ready", flush=True)
sys.stdin.readline()


def answer(one):
    one.recv(32)
    one.sendall(b"OK 1\nhello")
    one.recv(1)  # closing before would be a reset
    one.close()


while True:
    threading.Thread(target=answer, args=(listener.accept()[0],), daemon=True).start()
