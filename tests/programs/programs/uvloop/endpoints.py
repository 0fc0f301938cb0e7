import asyncio
import socket
import uvloop


class Server(asyncio.DatagramProtocol):
    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, client):
        self.transport.sendto(data.upper(), client)


class Client(asyncio.DatagramProtocol):
    def __init__(self):
        self.answers = asyncio.Queue()

    def datagram_received(self, data, server):
        self.answers.put_nowait((data, server[:2]))


async def main():
    loop = asyncio.get_running_loop()
    for family, host in (socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"):
        server, _ = await loop.create_datagram_endpoint(Server, local_addr=(host, 17451))
        # Its socket waits for answers before it has asked anybody.
        transport, client = await loop.create_datagram_endpoint(Client, family=family)
        await asyncio.sleep(0)
        for _ in range(20):
            transport.sendto(b"asked", (host, 17451))
            answer = await client.answers.get()
        print(*answer)
        transport.close()
        server.close()
        await asyncio.sleep(0)


uvloop.run(asyncio.wait_for(main(), 20))
