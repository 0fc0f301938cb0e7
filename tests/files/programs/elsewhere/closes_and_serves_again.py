from place import served, serving, there

for _ in range(3):
    server = serving()
    print(there(), served(server))
    server.close()
    print(there())
