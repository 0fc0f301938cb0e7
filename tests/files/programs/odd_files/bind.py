from facts import fact
from outcomes import at, stream
from port_files import files

server = stream()
server.bind(at)
fact("names", files())
