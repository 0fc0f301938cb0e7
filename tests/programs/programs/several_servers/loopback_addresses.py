from facts import fact
from servers import child, ended, listening, made

servers = [listening("127.0.0.1", 1234), listening("::1", 1234)]


def work():
    for address in "127.0.0.1", "::1":
        with made(address) as client:
            client.connect((address, 1234))
            fact(f"client of {address}", [client.getpeername()[0], client.getsockname()[0]])


ended(child(work))
for server in servers:
    with server.accept()[0] as connection:
        fact(f"server at {server.getsockname()[0]}", [connection.getpeername()[0], connection.getsockname()[0]])
