import asyncio
import sys

from facts import fact


async def main():
    ticks = 0
    attempt = asyncio.ensure_future(asyncio.open_connection("127.0.0.1", int(sys.argv[1])))
    while ticks < 5:
        await asyncio.sleep(0.01)
        ticks += 1
    fact("connected or refused meanwhile", attempt.done())
    attempt.cancel()


asyncio.run(main())
