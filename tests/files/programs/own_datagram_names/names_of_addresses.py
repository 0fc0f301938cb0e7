import socket

from addresses import UDP, asked, bound, links, names

listeners = [bound("127.0.0.2")]
print(names(), links(kind=UDP), asked(listeners, "127.0.0.2"))
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
client.sendto(b"?", ("127.0.0.9", 9042))
listeners[0].setblocking(False)
try:
    print(listeners[0].recv(10))
except BlockingIOError:
    print("nothing")
listeners += [bound(address) for address in ("127.0.0.1", "::1")]
print([name for name in names() if "9042" in name], links(kind=UDP))
print([asked(listeners, address) for address in ("127.0.0.1", "127.0.0.2", "::1")])
print(asked(listeners, "127.0.0.1", client=client), asked(listeners, "127.0.0.2", client=client))
for address in ("127.0.0.1", "127.0.0.2", "0.0.0.0", "::"):
    try:
        bound(address)
    except OSError as error:
        print(error.errno, end=" ")
listeners.pop(0).close()
print(links(kind=UDP))
print([asked(listeners, address) for address in ("127.0.0.1", "::1")])
listeners.pop(0).close()
print([name for name in names() if "9042" in name], links(kind=UDP), asked(listeners, "::1"))
