import os

from senders import DIR, ask, plain, server

os.chdir(DIR)
print(ask(plain(None)), ask(plain("sender")))
try:
    server.sendto(b"x", ("127.0.0.1", 0))
except OSError as error:
    print(error.errno)
