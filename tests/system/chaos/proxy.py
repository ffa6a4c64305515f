"""A network that can fail: small TCP proxies, one for each who talks to the broker.

A proxy forwards in one of these modes, changed at any time, also for connections that are open:

  open        as it comes
  black_hole  nothing passes, nothing is closed; what was held back passes when it is over
  deaf        the same, but only from the broker: one is heard and does not hear
  mute        the same, but only to the broker
  reset       connections end with a reset, new ones at once
  delay       each piece is held for a while
  trickle     a few bytes at a time

All proxies run in one thread; mode and amount are single words that anyone may write.
"""

import asyncio
import contextlib
import socket
import struct
import threading

MODES = ("black_hole", "deaf", "mute", "reset", "delay", "trickle")
HELD_BY = {"to": ("black_hole", "mute"), "from": ("black_hole", "deaf")}
TRICKLE_BYTES, TICK_SECONDS = 700, 0.02


class Proxy:
    """Listens at `address`; delay_seconds counts in mode delay."""

    def __init__(self, name):
        self.name = name
        self.mode = "open"
        self.delay_seconds = 0.0
        self.address = None
        self.writers = set()

    def set(self, mode, delay_seconds=0.0):
        self.delay_seconds = delay_seconds
        self.mode = mode

    async def serve(self, target):
        self.target = target
        server = await asyncio.start_server(self.connected, "127.0.0.1", 0)
        self.address = f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        asyncio.ensure_future(self.reset_when_told())

    async def connected(self, reader, writer):
        self.writers.add(writer)
        try:
            while self.mode == "black_hole":
                await asyncio.sleep(TICK_SECONDS)
            if self.mode == "reset":
                return reset(writer)
            broker_reader, broker_writer = await asyncio.open_connection(*self.target)
        except OSError:
            return reset(writer)
        finally:
            self.writers.discard(writer)
        pair = {writer, broker_writer}
        self.writers |= pair
        await asyncio.gather(self.pump("to", reader, broker_writer), self.pump("from", broker_reader, writer))
        self.writers -= pair

    async def pump(self, direction, reader, writer):
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                await self.pass_on(direction, data, writer)
        writer.close()

    async def pass_on(self, direction, data, writer):
        while data:
            while self.mode in HELD_BY[direction]:
                await asyncio.sleep(TICK_SECONDS)
            if self.mode == "delay":
                await asyncio.sleep(self.delay_seconds)
            size = len(data)
            if self.mode == "trickle":
                await asyncio.sleep(TICK_SECONDS)
                size = TRICKLE_BYTES
            writer.write(data[:size])
            data = data[size:]
            await writer.drain()

    async def reset_when_told(self):
        while True:
            if self.mode == "reset":
                for writer in list(self.writers):
                    reset(writer)
            await asyncio.sleep(TICK_SECONDS)


def reset(writer):
    with contextlib.suppress(OSError):
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


class Network:
    """The proxies of everyone, and the thread they run in."""

    def __init__(self, broker_address):
        host, port = broker_address.removeprefix("tcp://").rsplit(":", 1)
        self.target = host, int(port)
        self.proxies = {}
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, name="network", daemon=True)
        self.thread.start()

    def add(self, name):
        proxy = self.proxies[name] = Proxy(name)
        asyncio.run_coroutine_threadsafe(proxy.serve(self.target), self.loop).result(10)
        return proxy.address

    def heal(self):
        for proxy in self.proxies.values():
            proxy.set("open")

    def close(self):
        async def cancel_all():
            tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        asyncio.run_coroutine_threadsafe(cancel_all(), self.loop).result(10)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)
