"""Twisted: a client of a server that answers and closes, by the reactor that the first argument names."""

import sys

from twisted.internet import epollreactor, pollreactor

{"epoll": epollreactor, "poll": pollreactor}[sys.argv[1]].install()

from twisted.internet import protocol, reactor  # noqa: E402

PORT = int(sys.argv[2])
CLIENTS = 20
said = []


class Answer(protocol.Protocol):
    def connectionMade(self):
        self.transport.write(b"421 too busy\n")
        self.transport.loseConnection()

    def connectionLost(self, reason):
        said.append("server: " + reason.type.__name__)
        finish()


class Client(protocol.Protocol):
    data = b""

    def dataReceived(self, data):
        self.data += data
        # The server has gone by now: over TCP this is lost, and is no reason to lose what it said.
        self.transport.write(b"QUIT\r\n")

    def connectionLost(self, reason):
        said.append(f"client: {self.data.decode().strip()}, {reason.type.__name__}")
        finish()


def finish():
    if len(said) == 2 * CLIENTS:
        for line in sorted(set(said)):
            print(said.count(line), line)
        reactor.stop()


server = protocol.Factory.forProtocol(Answer)
client = protocol.ClientFactory.forProtocol(Client)
client.clientConnectionFailed = lambda connector, reason: said.append(reason.type.__name__)
reactor.listenTCP(PORT, server, interface="127.0.0.1")
for _ in range(CLIENTS):
    reactor.connectTCP("127.0.0.1", PORT, client)
reactor.callLater(20, reactor.stop)
reactor.run()
