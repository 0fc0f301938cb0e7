import os

from facts import fact
from senders import DIR, ask, plain, server

os.chdir(DIR)
fact("port without a name", ask(plain(None)))
fact("port with a relative one", ask(plain("sender")))
try:
    server.sendto(b"x", ("127.0.0.1", 0))
except OSError as error:
    fact("an answer", error.errno)
