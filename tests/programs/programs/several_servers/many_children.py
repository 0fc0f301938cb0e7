import os

from facts import fact
from servers import child, ended, listening, made

servers = {address: listening(address, 123) for address in ("1.2.3.4", "4.3.2.1")}
told, tell = os.pipe()


# Open until all have been seen: there is no TIME_WAIT, and the port of one that is closed may be another child's next.
def work():
    os.close(tell)
    clients = [(made(address), address) for address in list(servers) * 5]
    for client, address in clients:
        client.connect((address, 123))
        client.sendall(address.encode())
    os.read(told, 1)


children = [child(work) for _ in range(10)]
seen = set()
for _ in range(50):
    for address, server in servers.items():
        connection, name = server.accept()
        with connection:
            assert connection.recv(20).decode() == address
        seen.add((address, name))
os.close(tell)
fact("children that end well", [ended(pid) for pid in children].count(0))
fact("connections seen", len(seen))
