from addresses import listening, names, reached

addresses = ["127.0.0.1", "127.0.0.2", "127.250.251.252", "::1", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2:3:4:5:7"]
listeners = [listening(address, 65535) for address in addresses]
print([len(name) for name in names()])
print([reached(listeners, address, 65535) for address in addresses] == list(enumerate(addresses)))
for address in addresses[1:] + ["0.0.0.0"]:
    try:
        listening(address, 65535)
    except OSError as error:
        print(error.errno)
