import socket

from addresses import UDP, links, names


def sharing(option, address="127.0.0.1"):
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    one.setsockopt(socket.SOL_SOCKET, option, 1)
    one.bind((address, 9042))
    return one


one = sharing(socket.SO_REUSEADDR)
print(links(kind=UDP))
two = sharing(socket.SO_REUSEADDR)
print(links(kind=UDP), names())
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
client.sendto(b"?", ("127.0.0.1", 9042))
two.connect(two.recvfrom(9)[1])
print(links(kind=UDP)[1])
one.close(), two.close()
one = sharing(socket.SO_REUSEPORT, "0.0.0.0")
two = sharing(socket.SO_REUSEPORT)
print(links(kind=UDP))
two.close()
print(links(kind=UDP))
