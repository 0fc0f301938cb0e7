from facts import fact
from servers import bound, heard, listening, names, say

server = listening("1.2.3.4", 1234)
with bound("4.3.2.1", 4321) as client:
    before = names()
    client.connect(("1.2.3.4", 1234))
    connection, name = server.accept()
    fact("the client", name)
    fact("accept and getpeername agree", connection.getpeername() == name)
fact("its names before", [name for name in before if "4321" in name])
fact("its names when it has gone", [name for name in names() if "4321" in name])
say("1.2.3.4", 1234, b"again")
fact("the server hears", heard(server))
