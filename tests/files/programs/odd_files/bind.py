from outcomes import at, stream
from port_files import files

server = stream()
server.bind(at)
print(files())
