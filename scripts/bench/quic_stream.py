"""A stream over QUIC by aioquic, at a steady rate: quic_stream.py serve PORT CERTIFICATE KEY, or fetch PORT RATE SECONDS."""

import asyncio
import ssl
import sys

from aioquic.asyncio import QuicConnectionProtocol, connect, serve
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import StreamDataReceived

PAUSE_S = 0.005
PROTOCOLS = ["stream"]


class Server(QuicConnectionProtocol):
    def quic_event_received(self, event):
        if isinstance(event, StreamDataReceived) and event.data:
            rate, total = (int(word) for word in event.data.split())
            self.sending = asyncio.ensure_future(self.stream(event.stream_id, rate, total))

    async def stream(self, number, rate, total):
        loop = asyncio.get_running_loop()
        begun, sent = loop.time(), 0
        while sent < total:
            await asyncio.sleep(PAUSE_S)
            due = min(total, int(rate * (loop.time() - begun)))
            self._quic.send_stream_data(number, bytes(due - sent), due == total)
            self.transmit()
            sent = due


async def run_server(port, certificate, key):
    configuration = QuicConfiguration(is_client=False, alpn_protocols=PROTOCOLS)
    configuration.load_cert_chain(certificate, key)
    await serve("127.0.0.1", port, configuration=configuration, create_protocol=Server)
    await asyncio.Event().wait()


async def fetch(port, rate, total):
    configuration = QuicConfiguration(alpn_protocols=PROTOCOLS, verify_mode=ssl.CERT_NONE)
    async with connect("127.0.0.1", port, configuration=configuration) as connection:
        reader, writer = await connection.create_stream()
        writer.write(b"%d %d" % (rate, total))
        received = 0
        while part := await reader.read(1 << 16):
            received += len(part)
        assert received == total, (received, total)


if sys.argv[1] == "serve":
    asyncio.run(run_server(int(sys.argv[2]), *sys.argv[3:]))
else:
    asyncio.run(
        fetch(
            int(sys.argv[2]),
            int(sys.argv[3]),
            int(float(sys.argv[3]) * float(sys.argv[4])),
        )
    )
