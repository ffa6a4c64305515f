"""A peer that speaks ZMTP byte by byte, so that it can do what no ZeroMQ library would: half handshakes, messages
without an end, frames that are longer than they say. And a look at what a process uses.
"""

import contextlib
import os
import pathlib
import re
import resource
import socket
import struct

GREETING = b"\xff\0\0\0\0\0\0\0\1\x7f\3\0" + b"NULL".ljust(20, b"\0") + b"\0" + bytes(31)


def address(endpoint):
    host, port = endpoint.removeprefix("tcp://").rsplit(":", 1)
    return host, int(port)


def frame(body, more=False, length=None):
    """ZMTP's framing; `length`: what it claims to be."""
    size = len(body) if length is None else length
    return struct.pack(">BQ", 2 | more, size) + body


def ready(socket_type=b"DEALER", identity=b""):
    def entry(name, value):
        return bytes([len(name)]) + name + struct.pack(">I", len(value)) + value
    body = b"\x05READY" + entry(b"Socket-Type", socket_type) + entry(b"Identity", identity)
    return struct.pack(">BQ", 6, len(body)) + body


class Peer:
    """A TCP connection to `endpoint`; nothing is sent but what is asked for."""

    def __init__(self, endpoint, timeout=60):
        self.socket = socket.create_connection(address(endpoint), timeout)

    def shake_hands(self, **more):
        """Until the other side is ready as well; only then it takes messages."""
        self.socket.sendall(GREETING + ready(**more))
        self._receive(64)
        flags, length = self._receive(2)
        assert flags == 4, "not a short command"
        self._receive(length)
        return self

    def _receive(self, count):
        received = b""
        while len(received) < count:
            some = self.socket.recv(count - len(received))
            if not some:
                raise ConnectionError("ended in the middle of the handshake")
            received += some
        return received

    def send(self, *frames):
        """One message."""
        self.socket.sendall(b"".join(frame(one, n + 1 < len(frames)) for n, one in enumerate(frames)))

    def is_ended(self):
        """Whether the other side has ended it; what it sent is thrown away."""
        self.socket.setblocking(False)
        try:
            while self.socket.recv(65536):
                pass
            return True
        except BlockingIOError:
            return False
        except OSError:
            return True

    def is_cut_off(self):
        """Whether the connection is no more, without reading: for a peer that another thread writes to."""
        info = self.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)
        return info[0] != 1  # TCP_ESTABLISHED

    def close(self):
        self.socket.close()


def raise_descriptor_limit():
    """For this process and those it starts; returns it."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def memory_mib(pid, line="VmRSS"):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(rf"^{line}:\s+(\d+) kB", status, re.M).group(1)) / 1024


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def closing(peers):
    """Peers that are ended at the end, however many there are by then."""
    try:
        yield peers
    finally:
        for peer in peers:
            peer.close()
