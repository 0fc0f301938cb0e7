"""A server on the job's port, and its clients; it waits until the other job has one, too."""

import os
import socket
import time

with socket.create_server(("127.0.0.1", 29500)) as server:
    open(os.environ["TMPDIR"] + "/../there." + os.path.basename(os.environ["TMPDIR"]), "x").close()
    while len([name for name in os.listdir(os.environ["TMPDIR"] + "/..") if name.startswith("there.")]) < 2:
        time.sleep(0.05)
    with socket.create_connection(("127.0.0.1", 29500)) as client:
        assert client.getsockname() == server.accept()[1]
print("done", os.environ["TMPDIR"])
