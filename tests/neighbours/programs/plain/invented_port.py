import socket

from facts import fact
from senders import ask, hears, name, plain, server

senders = [plain(name(i)) for i in range(5)]
taken = []
for port in range(61000, 61500, 2):
    taken.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    taken[-1].bind(("127.0.0.1", port))
ports = [ask(sender) for sender in senders]
fact("ports invented", len(set(ports)))
fact("a server's port is", any(fd.getsockname()[1] in ports for fd in taken))
binds = []
for port in ports:
    late = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        late.bind(("127.0.0.1", port))
        binds.append(0)
    except OSError as error:
        binds.append(error.errno)
fact("binds of them", binds)
for i, port in enumerate(ports):
    server.sendto(b"%d" % i, ("127.0.0.1", port))
fact("answers heard", [hears(sender) for sender in senders])
fact("they keep their ports", [ask(sender) for sender in senders] == ports)
for fd in taken:
    fd.close()
server.close()
