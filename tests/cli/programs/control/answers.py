import socket
import sys

for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
    client, server = socket.socket(type=kind), socket.socket(type=kind)
    answers = [client.connect_ex(("127.0.0.1", 8000))]
    try:
        server.bind(("127.0.0.1", 8000))
    except OSError as error:
        answers.append(error.errno)
    print(*answers, file=sys.stderr)
