import socket


def ask(fd, at, data=b"?"):
    """Whom the server heard, and from whom the answer comes."""
    if at:
        fd.sendto(data, at)
    else:
        fd.send(data)
    try:
        heard, sender = fd.recvfrom(100)
    except TimeoutError:
        return "no answer"
    own = fd.getsockname()
    heard = heard.decode()
    if heard == "%s %d" % (own[0] if own[0] not in ("0.0.0.0", "::") else heard.split()[0], own[1]):
        heard = "me"
    return heard, sender[0], sender[1]


def client(family=socket.AF_INET):
    fd = socket.socket(family, socket.SOCK_DGRAM)
    fd.settimeout(60)
    return fd
