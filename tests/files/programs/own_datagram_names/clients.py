import socket

from addresses import bound, names
from facts import fact

servers = [bound("0.0.0.0"), bound("::1")]


def client(address):
    one = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
    one.sendto(b"?", (address, 9042))
    port = one.getsockname()[1]
    fact(f"names of who asks {address}", sorted(name.replace(str(port), "P") for name in names() if str(port) in name))
    return one


clients = [client(address) for address in ("127.0.0.1", "127.0.0.2", "::1", "::ffff:127.0.0.1")]
fact("who has asked the wildcard", [servers[0].recvfrom(9)[1][0] for i in range(3)])
fact("who has asked ::1", servers[1].recvfrom(9)[1][0])
for one in clients:
    one.close()
fact("names of clients left", [name for name in names() if "9042" not in name])
