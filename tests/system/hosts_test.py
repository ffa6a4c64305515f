#!/usr/bin/python3
"""Two machines, as network namespaces with a cable between them, and the way from one to the other that the README
tells: keygen, a broker that listens on the network, an invitation, a worker that joins with it. Needs root and
iproute2; elsewhere it is skipped.
"""

import json
import os
import subprocess
import unittest

from programs import BIN, DEADLINE, ENVIRONMENT, Case, Repository, until


def ip(*arguments, check=True):
    result = subprocess.run(["ip", *map(str, arguments)], capture_output=True, text=True)
    assert result.returncode == 0 or not check, f"ip {' '.join(map(str, arguments))}: {result.stderr}"
    return result


def can_make_hosts():
    name = f"sw-{os.getpid()}-probe"
    try:
        made = os.geteuid() == 0 and ip("netns", "add", name, check=False).returncode == 0
    except FileNotFoundError:
        return False
    if made:
        ip("netns", "del", name)
    return made


class Host:
    def __init__(self, name, number, address):
        self.name, self.address, self.cable = f"sw-{os.getpid()}-{name}", address, f"sw{os.getpid() % 100_000}{number}"
        ip("netns", "add", self.name)

    def plug_in(self):
        ip("link", "set", self.cable, "netns", self.name)
        self.ip("addr", "add", f"{self.address}/24", "dev", self.cable)
        self.ip("link", "set", "lo", "up")
        self.ip("link", "set", self.cable, "up")

    def ip(self, *arguments):
        ip("-n", self.name, *arguments)

    @property
    def before(self):
        return ["ip", "netns", "exec", self.name]


@unittest.skipUnless(can_make_hosts(), "needs root and iproute2 to make hosts")
class TwoHosts(Case):
    def setUp(self):
        super().setUp()
        self.near, self.far = Host("near", 0, "198.18.0.1"), Host("far", 1, "198.18.0.2")
        for host in self.near, self.far:
            self.addCleanup(ip, "netns", "del", host.name, check=False)
        ip("link", "add", self.near.cable, "type", "veth", "peer", "name", self.far.cable)
        for host in self.near, self.far:
            host.plug_in()
        # Cleanups run last first: the programs must be gone before their hosts are.
        self.addCleanup(self.end_programs)
        self.keys, self.address = self.folder / "keys", f"tcp://{self.near.address}:8888"
        self.run_cli("keygen", "--dir", self.keys)
        self.broker = self.start("seaworthy-broker", "--keys", self.keys, "--listen", "tcp://0.0.0.0:8888", "--state",
                                 self.folder / "broker", *self.timing, before=self.near.before)
        self.repository = Repository(self.folder / "project")

    def at(self, host, *arguments, check=True, key="admin"):
        keyed = ["--key", str(self.keys / f"{key}.key")] if key else []
        keyed += [] if "--timeout" in arguments else ["--timeout", "120s"]
        result = subprocess.run([*host.before, str(BIN / "seaworthy"), arguments[0], "--broker", self.address, *keyed,
                                 *map(str, arguments[1:])], capture_output=True, text=True, timeout=2 * DEADLINE,
                                env=ENVIRONMENT | {"XDG_STATE_HOME": str(self.folder / "xdg")})
        if check:
            self.assertEqual(result.returncode, 0, result.stderr + result.stdout)
        return result

    def invite(self, name):
        return self.run_cli("invite", "worker", name, "--dir", self.keys, "--broker",
                            self.address).stdout.decode().strip()

    def join(self, name, *arguments):
        return self.start("seaworthy-worker", "--join", self.invite(name), "--state", self.folder / name, *arguments,
                          before=self.far.before, log=name)

    def test_a_worker_of_another_machine_joins_with_one_line_and_runs_what_was_submitted_here(self):
        worker = self.join("anna")
        until(lambda: "connected" in worker.output(), "the worker is connected")
        self.repository.commit(tests__test_it_dot_py="")
        self.repository.pipeline("run: 'echo on $SEAWORTHY_WORKER'\n")
        self.at(self.near, "submit", self.repository.path, "--wait")
        self.assertIn("on anna/", self.at(self.far, "log", "1").stdout)

    def test_a_job_that_ends_while_the_cable_is_out_is_reported_when_it_is_in_again(self):
        worker = self.join("anna")
        until(lambda: "connected" in worker.output(), "the worker is connected")
        go = self.folder / "go"
        self.repository.pipeline(f"run: 'until [ -e {go} ]; do sleep 0.1; done; echo the far side'\n")
        self.at(self.near, "submit", self.repository.path)
        until(lambda: "took job" in worker.output(), "the job runs")
        self.far.ip("link", "set", self.far.cable, "down")
        go.touch()
        until(lambda: "1.1 passed" in worker.output(), "the job ends without a broker")
        self.assertIsNone(self.builds()[0]["verdict"])
        self.far.ip("link", "set", self.far.cable, "up")
        until(lambda: self.builds()[0]["verdict"] == "passed", "its verdict arrives")
        self.assertIn("the far side", self.at(self.near, "log", "1").stdout)

    def builds(self):
        return json.loads(self.at(self.near, "builds", "--json").stdout)

    def test_from_another_machine_nobody_without_a_key_gets_anything(self):
        keyless = self.at(self.far, "status", check=False, key=None)
        self.assertEqual(keyless.returncode, 2)
        self.assertIn("without a key", keyless.stderr)
        insists = self.at(self.far, "status", "--insecure", check=False, key=None)
        self.assertEqual(insists.returncode, 2)
        self.assertIn("lets in only those with a key", insists.stderr)
        line = self.invite("ben")
        self.run_cli("keys", "revoke", "ben", "--dir", self.keys)
        worker = self.start("seaworthy-worker", "--join", line, "--state", self.folder / "ben",
                            before=self.far.before, log="ben")
        until(lambda: "did not let in the key ben" in worker.output(), "the worker says so")
        self.assertEqual(self.at(self.near, "workers", "--json").stdout.strip(), "[]")

    def test_the_key_of_a_broker_is_proven_to_who_connects(self):
        self.broker.stop()
        pretender = self.folder / "pretender"
        self.run_cli("keygen", "--dir", pretender)
        # It has the list of the true one, but not its secret key.
        (pretender / "authorized").write_bytes((self.keys / "authorized").read_bytes())
        self.start("seaworthy-broker", "--keys", pretender, "--listen", "tcp://0.0.0.0:8888", "--state",
                   self.folder / "b2", before=self.near.before, log="pretender")
        deceived = self.at(self.far, "status", "--timeout", "8s", check=False)
        self.assertEqual(deceived.returncode, 2)
        self.assertIn("has another key than the one that admin was made for", deceived.stderr)


if __name__ == "__main__":
    unittest.main()
