from facts import fact
from place import serving, there

server = serving()
fact("there", there())
