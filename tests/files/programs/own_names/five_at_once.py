import os
import socket

from facts import fact
from port_files import files

go, start = os.pipe()
results, result = os.pipe()
stop, stopping = os.pipe()
for i in range(1, 6):
    if os.fork() == 0:
        os.close(start), os.close(stopping)
        os.read(go, 1)
        try:
            listener = socket.create_server(("127.0.0.%d" % i, 9042))
        except OSError:
            os.write(result, b"e")
        else:
            os.write(result, b"b")
        os.read(stop, 1)
        os._exit(0)
os.close(start)
fact("bound", [os.read(results, 1) == b"b" for i in range(5)])
fact("how many files", len(files()))
os.close(stopping)
for i in range(5):
    os.wait()
fact("files left", files())
