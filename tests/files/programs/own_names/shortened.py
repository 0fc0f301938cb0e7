from addresses import listening, names, reached
from facts import fact

addresses = ["127.0.0.1", "127.0.0.2", "127.250.251.252", "::1", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2:3:4:5:7"]
listeners = [listening(address, 65535) for address in addresses]
fact("lengths of names", [len(name) for name in names()])
fact(
    "each reaches its own", [reached(listeners, address, 65535) for address in addresses] == list(enumerate(addresses))
)
for address in addresses[1:] + ["0.0.0.0"]:
    try:
        listening(address, 65535)
    except OSError as error:
        fact(f"{address} again", error.errno)
