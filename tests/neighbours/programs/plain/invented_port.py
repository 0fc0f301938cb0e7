import socket

from senders import ask, hears, name, plain, server

senders = [plain(name(i)) for i in range(5)]
taken = []
for port in range(61000, 61500, 2):
    taken.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    taken[-1].bind(("127.0.0.1", port))
ports = [ask(sender) for sender in senders]
print(len(set(ports)), any(fd.getsockname()[1] in ports for fd in taken))
for port in ports:
    late = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        late.bind(("127.0.0.1", port))
        print("bound", port)
    except OSError as error:
        print(error.errno, end=" ")
for i, port in enumerate(ports):
    server.sendto(b"%d" % i, ("127.0.0.1", port))
print([hears(sender) for sender in senders], [ask(sender) for sender in senders] == ports)
for fd in taken:
    fd.close()
server.close()
