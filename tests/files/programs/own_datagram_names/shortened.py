import socket

from addresses import asked, bound, names

addresses = ["127.0.0.1", "127.250.251.252", "::1", "2001:db8:1:2:3:4:5:6"]
listeners = [bound(address, 65535) for address in addresses]
print([len(name) for name in names()])
print([asked(listeners, address, 65535) for address in addresses[:2]])
client = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
print(
    [
        client.sendto(b"?", (address, 65535)) and listener.recv(10)
        for listener, address in zip(listeners[2:], addresses[2:])
    ]
)
for address in addresses + ["0.0.0.0", "::"]:
    try:
        bound(address, 65535)
    except OSError as error:
        print(error.errno, end=" ")
