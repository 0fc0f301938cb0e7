import os
import socket

from facts import fact
from senders import DIR, ask, hears, name, plain, server

sender = plain(name(0))
port = ask(sender)
os.unlink(DIR + "/%d.dgram.sock" % port)
other = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
other.bind(("127.0.0.1", port))
server.sendto(b"x", ("127.0.0.1", port))
fact("the sender hears", hears(sender))
fact("the other one hears", hears(other))
fact("the sender has another port", ask(sender) not in (0, port))
