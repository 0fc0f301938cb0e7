import json
import os

from facts import fact
from senders import ask, hears, name, plain, server

before = plain(name(0))
known = ask(before)
told, tell = os.pipe()
go_on, leave = os.pipe()
child = os.fork()
mine = [plain(name(i + (100 if child == 0 else 1))) for i in range(20)]
if child == 0:
    ports = [ask(sender) for sender in mine]
    for i, port in enumerate(ports):
        server.sendto(b"%d" % i, ("127.0.0.1", port))
    server.sendto(b"child", ("127.0.0.1", known))
    os.write(tell, json.dumps([ports, [hears(sender) for sender in mine]]).encode())
    os.close(leave)
    os.read(go_on, 1)
    os._exit(0)
their_ports, their_answers = json.loads(os.read(told, 65536))
ports = [ask(sender) for sender in mine]
fact("the child's answers are right", their_answers == [str(i) for i in range(20)])
fact("ports invented twice", sorted(set(ports) & set(their_ports)))
fact("the one from before is", known in ports + their_ports)
for i, port in enumerate(ports):
    server.sendto(b"%d" % i, ("127.0.0.1", port))
fact("the parent's answers are right", [hears(sender) for sender in mine] == [str(i) for i in range(20)])
fact("the sender from before hears", hears(before))
os.close(leave)
os.wait()
