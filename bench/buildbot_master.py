"""What a Buildbot master of bench/latency is told to do: one repository, one worker, one builder.

It listens on a local port: a line is a revision that was pushed; it answers with "first REVISION TIME" when the job's
first line of output has come, and "end REVISION TIME" when the build is recorded. That stands for a web hook without
its HTTP, which Debian's Buildbot has not. BENCH in the environment says where things are, as JSON.
"""

import json
import os
import time

from buildbot.plugins import schedulers, steps, util, worker
from buildbot.process.logobserver import LogLineObserver
from buildbot.util import service
from twisted.internet import defer, protocol, reactor
from twisted.protocols import basic

BENCH = json.loads(os.environ["BENCH"])
listeners = []


def tell(*words):
    for listener in listeners:
        listener.sendLine(" ".join(words).encode())


class Pushes(basic.LineReceiver):
    delimiter = b"\n"
    master = None

    def connectionMade(self):
        listeners.append(self)

    def lineReceived(self, line):
        self.master.data.updates.addChange(files=[], comments="a push", author="bench", revision=line.decode(), branch="main",
                                           repository=BENCH["repository"], project="")


class Conversation(service.BuildbotService):
    name = "conversation"

    @defer.inlineCallbacks
    def startService(self):
        yield super().startService()
        factory = protocol.Factory()
        factory.buildProtocol = self.met
        reactor.listenTCP(BENCH["port"], factory, interface="127.0.0.1")
        yield self.master.mq.startConsuming(self.finished, ("builds", None, "finished"))

    def met(self, _):
        one = Pushes()
        one.master = self.master
        return one

    @defer.inlineCallbacks
    def finished(self, _, build):
        now = time.time()
        properties = yield self.master.db.builds.getBuildProperties(build["buildid"])
        tell("end" if build["results"] == util.SUCCESS else "failed", properties["got_revision"][0], f"{now:.6f}")


class FirstLine(LogLineObserver):
    is_first = True

    def outLineReceived(self, line):
        if self.is_first:
            tell("first", self.step.getProperty("got_revision"), f"{time.time():.6f}")
        self.is_first = False


class Job(steps.ShellCommand):
    def __init__(self, **arguments):
        super().__init__(**arguments)
        self.addLogObserver("stdio", FirstLine())


BuildmasterConfig = {
    "workers": [worker.Worker("one", "secret", keepalive_interval=None)],
    "protocols": {"pb": {"port": f"tcp:{BENCH['worker_port']}:interface=127.0.0.1"}},
    "schedulers": [schedulers.SingleBranchScheduler("pushes", change_filter=util.ChangeFilter(branch="main"),
                                                    treeStableTimer=None, builderNames=["test"])],
    "builders": [util.BuilderConfig("test", workernames=["one"], factory=util.BuildFactory([
        steps.Git(repourl=BENCH["repository"], branch="main", mode="incremental"),
        Job(command=["bash", "-e", "-c", BENCH["job"]])]))],
    "services": [Conversation()],
    "db": {"db_url": "sqlite:///state.sqlite"},
    "buildbotNetUsageData": None,
}
