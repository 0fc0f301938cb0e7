from senders import DIR, ask, hears, name, plain, server

first = plain(DIR + "/sender")
port = ask(first)
crowd = [plain(name(i)) for i in range(1500)]
ports = [ask(sender) for sender in crowd]
print(port in ports, len([p for p in ports if p != 0]) == len({p for p in ports if p != 0}), ask(first) == port)
server.sendto(b"yours", ("127.0.0.1", port))
print(hears(first), {hears(sender) for sender in crowd})
for i, p in enumerate(ports):
    if p != 0:
        server.sendto(b"%d" % i, ("127.0.0.1", p))
print(all(hears(sender) == (str(i) if ports[i] else None) for i, sender in enumerate(crowd)))
server.close()
