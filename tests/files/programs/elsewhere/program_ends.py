from place import serving, there

server = serving()
print(there())
