from facts import fact
from servers import child, ended, heard, listening, say

server = listening("1.2.3.4", 0)
port = server.getsockname()[1]
pid = child(lambda: say("1.2.3.4", port, b"hello"))
fact("it has a port", port != 0)
fact("the server hears", heard(server))
fact("the client ends", ended(pid))
