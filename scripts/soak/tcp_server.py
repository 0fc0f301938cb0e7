"""Echo servers of several designs: tcp_server.py threads|asyncio|prefork|epoll PORT"""

import asyncio
import os
import select
import signal
import sys
import threading
import time

from common import (
    AWAKE_EVERY_S,
    HEADER,
    HOST,
    LONGEST,
    Wrong,
    answer_stream,
    end_on_sigterm,
    listen,
    pack,
    tell,
    unpack,
)

WORKERS = 4


def serve_threads(port):
    """Serves each connection in its own thread."""
    listener = listen(port)
    tell(listening=port)
    while True:
        conn, _ = listener.accept()
        threading.Thread(target=answer_stream, args=(conn, port), daemon=True).start()


def serve_prefork(port):
    """Forks workers that inherit the listener. All of them wait in accept."""
    listener = listen(port)
    workers = []
    for _ in range(WORKERS):
        pid = os.fork()
        if pid == 0:
            while True:
                conn, _ = listener.accept()
                answer_stream(conn, port)
        workers.append(pid)
    tell(listening=port)
    try:
        while True:
            time.sleep(AWAKE_EVERY_S)
    finally:
        for pid in workers:
            os.kill(pid, signal.SIGTERM)
        for pid in workers:
            os.waitpid(pid, 0)


async def _answer(reader, writer, port):
    try:
        while True:
            head = await reader.readexactly(HEADER.size)
            payload, _ = unpack(head + await reader.readexactly(min(HEADER.unpack(head)[0], LONGEST)))
            writer.write(pack(payload, port))
            await writer.drain()
    except (OSError, Wrong, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


async def _serve_asyncio(port):
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    server = await asyncio.start_server(lambda r, w: _answer(r, w, port), HOST, port)
    tell(listening=port)
    await ended.wait()
    server.close()


class EpollServer:
    """A server of one thread, with non-blocking sockets and changing registrations."""

    def __init__(self, port):
        self._port = port
        self._listener = listen(port)
        self._listener.setblocking(False)
        self._poll = select.epoll()
        self._poll.register(self._listener, select.EPOLLIN)
        self._connections = {}

    def serve(self):
        tell(listening=self._port)
        while True:
            for number, events in self._poll.poll():
                if number == self._listener.fileno():
                    self._accept()
                else:
                    self._advance(number, events)

    def _accept(self):
        try:
            conn, _ = self._listener.accept()
        except OSError:
            return
        conn.setblocking(False)
        self._poll.register(conn, select.EPOLLIN)
        self._connections[conn.fileno()] = (conn, bytearray(), bytearray())

    def _advance(self, number, events):
        conn, before, after = self._connections[number]
        try:
            if events & ~select.EPOLLOUT:
                self._read(conn, before, after)
            if after:
                del after[: conn.send(after)]
        except BlockingIOError:
            pass
        except (OSError, Wrong):
            self._poll.unregister(number)
            del self._connections[number]
            conn.close()
            return
        self._poll.modify(number, select.EPOLLIN | (select.EPOLLOUT if after else 0))

    def _read(self, conn, before, after):
        part = conn.recv(262144)
        if not part:
            raise Wrong("the end")
        before += part
        while len(before) >= HEADER.size:
            size = HEADER.size + HEADER.unpack_from(before)[0]
            if len(before) < size:
                return
            after += pack(unpack(bytes(before[:size]))[0], self._port)
            del before[:size]


def main():
    make, port = sys.argv[1], int(sys.argv[2])
    end_on_sigterm()
    if make == "threads":
        serve_threads(port)
    elif make == "prefork":
        serve_prefork(port)
    elif make == "epoll":
        EpollServer(port).serve()
    else:
        asyncio.run(_serve_asyncio(port))


main()
