import os
import socket

server = socket.socket()
server.bind(("127.0.0.1", 4713))
server.listen()
os.chmod(os.environ["UNSOCK_DIR"] + "/4713.sock", 0)
os.chmod(os.environ["UNSOCK_DIR"], 0o555)
if os.getuid() == 0:
    os.setresuid(65534, 65534, 65534)
print(socket.socket().connect_ex(("127.0.0.1", 4713)))
try:
    socket.socket().bind(("127.0.0.1", 4714))
except OSError as error:
    print(error.errno)
