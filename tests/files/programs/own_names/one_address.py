import select
import socket

from addresses import listening
from facts import fact

listeners = [listening(address) for address in ("127.0.0.2", "127.0.0.1")]
client = socket.create_connection(("127.0.0.9", 9042))
fact("clients wait at", [len(select.select([listener], [], [], 0)[0]) for listener in listeners])
listeners.pop(0).close()
client = socket.create_connection(("127.0.0.9", 9042))
fact("without the first", [len(select.select([listener], [], [], 0)[0]) for listener in listeners])
