#!/usr/bin/python3
"""A search through a log ends when nobody waits for it any more: seen by what a broker that the test plays is asked."""

import pathlib
import socket
import sys
import threading
import unittest

import zmq

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "system"))

from programs import DEADLINE, until  # noqa: E402
from protocol import decode, encode  # noqa: E402
from reporter_test import ReporterCase  # noqa: E402

ENDLESS, OTHER = 1, 2  # jobs, and their output: a search through the first would take half a million questions
SIZES = {ENDLESS: 32 << 30, OTHER: 32 << 20}
PIECE = b"and so it goes, a line like all others.\n" * 1638


class OutputBroker:
    """Has output, and counts how often each job's is asked for."""

    def __init__(self):
        self.asked = {ENDLESS: 0, OTHER: 0}
        self.socket = zmq.Context.instance().socket(zmq.ROUTER)
        self.socket.linger = 0
        self.endpoint = f"tcp://127.0.0.1:{self.socket.bind_to_random_port('tcp://127.0.0.1')}"
        self.is_stopping = False
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def serve(self):
        while not self.is_stopping:
            if self.socket.poll(20):
                peer, *frames = self.socket.recv_multipart()
                name, body, tag, _ = decode(frames)
                if name == "FetchOutput":
                    self.tell_output(peer, tag, body)

    def tell_output(self, peer, tag, body):
        job, total = body["job"], SIZES[body["job"]]
        self.asked[job] += 1
        offset = min(body["offset"], total)
        blob = PIECE[:total - offset]
        answer = {"job": job, "attempt": 1, "offset": offset, "total": total, "complete": offset + len(blob) >= total}
        self.socket.send_multipart([peer, *encode("OutputData", answer, tag, blob)])

    def stop(self):
        self.is_stopping = True
        self.thread.join()
        self.socket.close()


class AbandonedSearch(ReporterCase):
    def setUp(self):
        super().setUp()
        self.broker = OutputBroker()
        self.addCleanup(self.broker.stop)
        self.broker_address = self.broker.endpoint
        self.start_reporter()

    def begin(self, path):
        """A request that has been sent; whoever sent it may go."""
        peer = socket.create_connection((self.host, self.port), timeout=DEADLINE)
        self.addCleanup(peer.close)
        peer.sendall(f"GET {path} HTTP/1.1\r\nHost: {self.address}\r\n\r\n".encode())
        return peer

    def search_of_other_goes_alone(self):
        before = self.broker.asked[ENDLESS]
        status, _, text = self.get(f"/jobs/{OTHER}/log/search?q=whale")
        self.assertEqual((status, '"count":0' in text), (200, True), text)
        return self.broker.asked[ENDLESS] == before

    def test_a_search_goes_on_while_its_reader_waits_and_ends_when_that_one_has_gone(self):
        for path in (f"/jobs/{ENDLESS}/log/search?q=whale", f"/jobs/{ENDLESS}/log?q=whale",
                     f"/jobs/{ENDLESS}/log?line=1000000000"):
            with self.subTest(path=path):
                begun = self.broker.asked[ENDLESS]
                reader = self.begin(path)
                until(lambda begun=begun: self.broker.asked[ENDLESS] > begun + 300, "it is under way")
                self.assertFalse(self.search_of_other_goes_alone(), "they take turns")
                reader.close()
                until(self.search_of_other_goes_alone, "nobody reads the endless log any more")


if __name__ == "__main__":
    unittest.main()
