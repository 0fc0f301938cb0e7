import os
import time

from facts import fact
from reading import accepted, receive

fd = accepted()
for descriptor in fd, 4:
    begun = time.monotonic()
    what = "stream" if descriptor == fd else "datagram"
    fact(what, receive(descriptor, 4096, 0))
    fact(f"{what}, before the linger is over", time.monotonic() - begun < 100)
os._exit(0)
