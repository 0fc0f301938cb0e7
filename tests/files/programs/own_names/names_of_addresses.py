import select

from addresses import links, listening, names, plain, reached, refused

listeners = [listening(address) for address in ("127.0.0.2", "127.0.0.1", "::1", "127.0.0.3")]
print(names())
print(links())
print([reached(listeners, address) for address in ("127.0.0.1", "127.0.0.2", "127.0.0.3", "::1")], refused("127.0.0.9"))
clients = [plain("9042.sock"), plain(".9042@--1")]
print([len(select.select([listener], [], [], 0)[0]) for listener in listeners])
