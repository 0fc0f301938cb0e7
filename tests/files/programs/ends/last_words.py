import os
import socket

from port_files import files


def serve(port):
    global kept
    stream = socket.create_server(("127.0.0.1", port))
    datagram = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagram.bind(("127.0.0.1", port))
    kept = (stream, datagram)


serve(2001)
child = os.fork()
if child == 0:
    serve(2002)
    assert len(files()) == 4
    os._exit(0)
os.waitpid(child, 0)
print(files(), flush=True)
socket.create_connection(("127.0.0.1", 2001))
os._exit(0)
