import socket

from addresses import UDP, links, names
from facts import fact


def sharing(option, address="127.0.0.1"):
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    one.setsockopt(socket.SOL_SOCKET, option, 1)
    one.bind((address, 9042))
    return one


one = sharing(socket.SO_REUSEADDR)
fact("SO_REUSEADDR, one", links(kind=UDP))
two = sharing(socket.SO_REUSEADDR)
fact("SO_REUSEADDR, two", links(kind=UDP))
fact("their names", names())
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
client.sendto(b"?", ("127.0.0.1", 9042))
two.connect(two.recvfrom(9)[1])
fact("the second connects", links(kind=UDP)[1])
one.close(), two.close()
one = sharing(socket.SO_REUSEPORT, "0.0.0.0")
two = sharing(socket.SO_REUSEPORT)
fact("SO_REUSEPORT, two", links(kind=UDP))
two.close()
fact("the second has closed", links(kind=UDP))
