import socket
import sys

port, low, high = map(int, sys.argv[1:])
listener = socket.create_server(("127.0.0.1", port))
clients, seen = [], set()
for i in range(20):
    clients.append(socket.create_connection(("127.0.0.1", port)))
    server, address = listener.accept()
    assert address == clients[-1].getsockname(), (address, clients[-1].getsockname())
    assert server.getpeername() == address and server.getsockname() == clients[-1].getpeername()
    seen.add(address)
    clients.append(server)
# Those of the range are all taken: else the squatter has missed the names, and nothing is shown.
print(len(seen), sum(low <= port <= high for _, port in seen))
