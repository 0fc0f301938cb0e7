from facts import fact
from senders import DIR, ask, hears, name, plain, server

first = plain(DIR + "/sender")
port = ask(first)
crowd = [plain(name(i)) for i in range(1500)]
ports = [ask(sender) for sender in crowd]
others = [p for p in ports if p != 0]
fact("another has its port", port in ports)
fact("two have one port", len(others) != len(set(others)))
fact("it keeps its port", ask(first) == port)
server.sendto(b"yours", ("127.0.0.1", port))
fact("it hears", hears(first))
fact("others hear", [hears(sender) for sender in crowd].count(None) != len(crowd))
for i, p in enumerate(ports):
    if p != 0:
        server.sendto(b"%d" % i, ("127.0.0.1", p))
fact("each hears its own", all(hears(sender) == (str(i) if ports[i] else None) for i, sender in enumerate(crowd)))
server.close()
