import os

from facts import fact
from handed import DIR, bind, listen, new, served

os.chmod(DIR + "/8000.sock", 0o666)
"".encode("idna")  # what Python itself needs it may not read then
os.setuid(65534)
fds = [new(), new(family=6), new(), new(reuseport=True)]
fact("the address", listen(fds[0]))
fact("another family's", listen(fds[1], "::1"))
fact("the address again", listen(fds[2]))
fact("with SO_REUSEPORT", listen(fds[3]))
fact("served", served(fds[0]))
fact("another port", bind(new(), port=8001))
