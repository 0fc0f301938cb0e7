"""Answers, when the client has ended, with whom it sees and how much has come; a client that begins with R is reset."""

import socket
import sys
import threading

server = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=1000)
print("ready", server.getsockname()[1], flush=True)


def serve(client, address):
    count, part = 0, client.recv(1)
    if part == b"R":
        return client.close()
    while part:
        count += len(part)
        part = client.recv(65536)
    client.sendall(b"%s %d" % (":".join(map(str, address)).encode(), count))
    client.close()


while True:
    threading.Thread(target=serve, args=server.accept(), daemon=True).start()
