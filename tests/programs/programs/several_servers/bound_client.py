from servers import bound, heard, listening, names, say

server = listening("1.2.3.4", 1234)
with bound("4.3.2.1", 4321) as client:
    before = names()
    client.connect(("1.2.3.4", 1234))
    connection, name = server.accept()
    print(name, connection.getpeername() == name)
print([name for name in before if "4321" in name], [name for name in names() if "4321" in name])
say("1.2.3.4", 1234, b"again")
print(heard(server))
