import socket

from addresses import UDP, asked, bound, links, names
from facts import fact

listeners = [bound("127.0.0.2")]
fact("one: names", names())
fact("one: links", links(kind=UDP))
fact("one: its address reaches", asked(listeners, "127.0.0.2"))
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
client.sendto(b"?", ("127.0.0.9", 9042))
listeners[0].setblocking(False)
try:
    fact("one: another address reaches it", listeners[0].recv(10))
except BlockingIOError:
    fact("one: another address reaches it", None)
listeners += [bound(address) for address in ("127.0.0.1", "::1")]
fact("three: names", [name for name in names() if "9042" in name])
fact("three: links", links(kind=UDP))
for address in ("127.0.0.1", "127.0.0.2", "::1"):
    fact(f"three: {address} reaches", asked(listeners, address))
fact("three: one client reaches", [asked(listeners, address, client=client) for address in ("127.0.0.1", "127.0.0.2")])
for address in ("127.0.0.1", "127.0.0.2", "0.0.0.0", "::"):
    try:
        bound(address)
    except OSError as error:
        fact(f"three: {address} again", error.errno)
listeners.pop(0).close()
fact("two: links", links(kind=UDP))
fact("two: both reach", [asked(listeners, address) for address in ("127.0.0.1", "::1")])
listeners.pop(0).close()
fact("the last: names", [name for name in names() if "9042" in name])
fact("the last: links", links(kind=UDP))
fact("the last: its address reaches", asked(listeners, "::1"))
