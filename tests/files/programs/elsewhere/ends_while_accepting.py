import threading

from facts import fact
from place import serving, there, waits

server = serving()
thread = threading.Thread(target=server.accept, daemon=True)
thread.start()
while not waits(thread):
    pass
fact("there", there())
