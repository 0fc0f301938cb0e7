import os
import select

from facts import fact
from servers import Server, ask

stop, stopping = os.pipe()
result, results = os.pipe()
one = Server("one")
Server.ends.append(stopping)
client = os.fork()
if client == 0:
    for end in Server.ends:
        os.close(end)
    counts = [0, 0]
    while counts[0] < 20 or not select.select([stop], [], [], 0)[0]:
        counts[ask() == "nobody"] += 1
    os.write(results, repr(counts[1]).encode())
    os._exit(0)
for i in range(20):
    two = Server("two")
    one.close()
    one = two
    if i % 5 == 4:
        Server("three").close()
os.close(stopping)
Server.ends.remove(stopping)
fact("times that nobody was there", int(os.read(result, 100)))
os.waitpid(client, 0)
one.close()
