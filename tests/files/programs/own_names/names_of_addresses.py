import select

from addresses import links, listening, names, plain, reached, refused
from facts import fact

listeners = [listening(address) for address in ("127.0.0.2", "127.0.0.1", "::1", "127.0.0.3")]
fact("names", names())
fact("links", links())
for address in ("127.0.0.1", "127.0.0.2", "127.0.0.3", "::1"):
    fact(f"{address} reaches", reached(listeners, address))
fact("127.0.0.9", refused("127.0.0.9"))
clients = [plain("9042.sock"), plain(".9042@--1")]
fact("plain clients wait at", [len(select.select([listener], [], [], 0)[0]) for listener in listeners])
