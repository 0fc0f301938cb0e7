from addresses import asked, bound

listeners = [bound("127.0.0.2")]
print([asked(listeners, address) for address in ("127.0.0.2", "127.0.0.9", "127.0.0.1")])
listeners.append(bound("127.0.0.1"))
print([asked(listeners, address) for address in ("127.0.0.2", "127.0.0.9", "127.0.0.1")])
