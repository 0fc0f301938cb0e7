from servers import child, ended, heard, listening, say

server = listening("1.2.3.4", 0)
port = server.getsockname()[1]
pid = child(lambda: say("1.2.3.4", port, b"hello"))
print(port != 0, heard(server), ended(pid))
