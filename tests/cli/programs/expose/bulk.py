"""Pieces of all sizes both ways at once, urgent data among them, to who reads fast, slowly, or stops reading."""

import hashlib
import os
import socket
import sys
import threading
import time

listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[2])
listener.listen(9)
data = os.urandom(8 << 20)


def send(one, is_urgent):
    at, size = 0, 1
    while at < len(data):
        one.sendall(data[at : at + size])
        if is_urgent and size > 1000000:
            one.send(b"!", socket.MSG_OOB)
            is_urgent = False
        at, size = at + size, size * 5 % 1500007
    one.shutdown(socket.SHUT_WR)


def take(one, is_slow, into):
    digest, parts = hashlib.sha256(), 0
    while part := one.recv(1 + parts * 7919 % 300000):
        digest.update(part)
        parts += 1
        if is_slow and parts % 20 == 0:
            time.sleep(0.01)
    into.append(digest.digest() == hashlib.sha256(data).digest())


port = int(sys.argv[1])
for is_slow in (False, True):
    client, into = socket.create_connection(("127.0.0.1", port)), []
    server, _ = listener.accept()
    threads = [
        threading.Thread(target=send, args=(client, True)),
        threading.Thread(target=send, args=(server, False)),
        threading.Thread(target=take, args=(client, is_slow, into)),
        threading.Thread(target=take, args=(server, is_slow, into)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(into, flush=True)
client = socket.create_connection(("127.0.0.1", port))
server, _ = listener.accept()
client.settimeout(0.3)
try:
    client.sendall(data * 9)
except TimeoutError:
    print("full", flush=True)
server.close()
client.settimeout(60)
try:
    print(client.recv(1))
except ConnectionError as error:
    print(type(error).__name__)
