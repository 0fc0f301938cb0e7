import threading

from place import serving, there, waits

server = serving()
thread = threading.Thread(target=server.accept, daemon=True)
thread.start()
while not waits(thread):
    pass
print(there())
