from addresses import asked, bound
from facts import fact

listeners = [bound("127.0.0.2")]
asked_at = ("127.0.0.2", "127.0.0.9", "127.0.0.1")
fact("one", [asked(listeners, address) for address in asked_at])
listeners.append(bound("127.0.0.1"))
fact("two", [asked(listeners, address) for address in asked_at])
