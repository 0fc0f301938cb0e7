from facts import fact
from handed import listen, new, served

fd = new()
fact("listen", listen(fd))
fact("served", served(fd))
