import socket
import sys

with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as client:
    own = ":".join(map(str, client.getsockname()))
    client.sendall(b"x" * 3000000)
    client.shutdown(socket.SHUT_WR)
    answer = b"".join(iter(lambda: client.recv(65536), b"")).decode()
    print(answer == f"{own} 3000000" or answer)
