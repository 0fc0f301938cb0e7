from facts import fact
from place import served, serving, there

for time in "first", "second", "third":
    server = serving()
    fact(f"{time}: there", there())
    fact(f"{time}: a client is", served(server))
    server.close()
    fact(f"{time}: there when closed", there())
