import socket

from addresses import asked, bound, names
from facts import fact

addresses = ["127.0.0.1", "127.250.251.252", "::1", "2001:db8:1:2:3:4:5:6"]
listeners = [bound(address, 65535) for address in addresses]
fact("lengths of names", [len(name) for name in names()])
fact("IPv4 reaches", [asked(listeners, address, 65535) for address in addresses[:2]])
client = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
for listener, address in zip(listeners[2:], addresses[2:]):
    client.sendto(b"?", (address, 65535))
    fact(f"{address} hears", listener.recv(10))
for address in addresses + ["0.0.0.0", "::"]:
    try:
        bound(address, 65535)
    except OSError as error:
        fact(f"{address} again", error.errno)
