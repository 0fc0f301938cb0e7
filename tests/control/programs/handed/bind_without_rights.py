import os

from handed import DIR, bind, listen, new, served

os.chmod(DIR + "/8000.sock", 0o666)
"".encode("idna")  # what Python itself needs it may not read then
os.setuid(65534)
fds = [new(), new(family=6), new(), new(reuseport=True)]
print(listen(fds[0]), listen(fds[1], "::1"), listen(fds[2]), listen(fds[3]), served(fds[0]), bind(new(), port=8001))
