from place import served, serving, there

server = serving()
print(there(), served(server))
server.close()
print(there())
