"""What the cluster goes through, step by step; after each one every commit must have exactly one build, and its verdict."""

import collections
import time

from composition import until

QUICK_PASS, QUICK_FAIL = "echo quick; sleep 0.3", "echo no; exit 3"
LONG = "echo began; sleep 12; echo ended"
KEPT = {"broker.key", "admin.key", "client.key", "watcher.key", "worker.key", "reporter.key", "authorized"}


class Scenario:
    def __init__(self, composition, say):
        self.there = composition
        self.say = say
        self.expected = {}  # revision: verdict

    def steps(self):
        """(what happens, the function), in this order; a function may return a remark."""
        return [
            ("a broker, a watcher and one worker come up, healthy", self.come_up),
            ("each role's container sees its own key only", self.keys_are_apart),
            ("without a key, and with a wrong one, nobody gets anything", self.strangers_get_nothing),
            ("commits of one push: one build and the right verdict each", self.first_commits),
            ("a browser is shown the builds", self.pages_show_it),
            ("one worker becomes four, and all of them work", self.scale_up),
            ("four become two in mid-job", self.scale_down),
            ("the broker is killed in mid-job and comes back", self.kill_broker),
            ("a worker is killed in mid-job and comes back", self.kill_worker),
            ("a worker is cut off the network in mid-job and comes back", self.cut_off_worker),
            ("everything goes down, with commits left to do, and up again", self.down_and_up),
            ("the record is whole", self.fsck),
        ]

    # ---- steps

    def come_up(self):
        self.there.up(workers=1)
        self.there.make_repository()
        self.wait_for_workers(1)
        for service in ("broker", "worker", "watcher", "reporter"):
            until(lambda: self.health(service) == "healthy", f"{service} is healthy")
        answer = self.there.once("cli", ["health"])
        assert "answers" in answer.stdout, answer.stdout

    def keys_are_apart(self):
        for service, own in (("worker", "worker"), ("watcher", "watcher"), ("reporter", "reporter"), ("console", "admin")):
            seen = self.there.inside(service, "find", "/key", "/keys", "-type", "f").stdout.split()
            assert seen == ["/key/key"], f"{service} sees {seen}"
            same = self.there.inside("broker", "cat", f"/keys/{own}.key").stdout
            assert self.there.inside(service, "cat", "/key/key").stdout == same, f"{service} has another's key"
        kept = self.there.inside("broker", "ls", "/keys").stdout.split()
        assert KEPT <= set(kept), kept

    def strangers_get_nothing(self):
        own = self.there.inside("console", "cat", "/key/key").stdout
        wrong = ["--entrypoint", "sh", "-e", "SEAWORTHY_KEY=/tmp/key"]
        forge = "seaworthy keygen --dir /tmp/other >/dev/null && cp /tmp/other/admin.key /tmp/key && "
        ask = "exec seaworthy builds --timeout 3s"
        without = self.there.once("cli", ["builds", "--timeout", "3s"], "-e", "SEAWORTHY_KEY=", check=False)
        forged = self.there.once("cli", ["-c", forge + ask], *wrong, check=False)
        for result in (without, forged):
            assert result.returncode == 2 and not result.stdout.strip(), result.stdout + result.stderr
        assert own not in without.stderr + forged.stderr
        # A worker's key does not make builds, nor cancel them.
        asked = self.there.inside("worker", "seaworthy", "cancel", "1", "--timeout", "3s", check=False)
        assert asked.returncode == 2, asked.stdout + asked.stderr

    def first_commits(self):
        self.push(QUICK_PASS)  # a branch that was never seen is its tip, without the history
        self.all_have_their_verdict()
        self.push(QUICK_PASS, QUICK_FAIL, QUICK_PASS, "exit 1", QUICK_PASS)
        self.all_have_their_verdict()

    def pages_show_it(self):
        ask = "exec 3<>/dev/tcp/reporter/8080; printf 'GET / HTTP/1.0\\r\\nHost: reporter\\r\\n\\r\\n' >&3; cat <&3"
        page = self.there.inside("console", "bash", "-c", ask).stdout
        assert " 200 " in page.splitlines()[0] and "/builds/1" in page, page

    def scale_up(self):
        self.there.up(workers=4)
        self.wait_for_workers(4)
        self.push(*["echo one of many; sleep 3"] * 8, QUICK_FAIL)
        until(lambda: len(set(self.there.running().values())) == 4, "four workers have a job at the same time")
        self.all_have_their_verdict()

    def scale_down(self):
        self.push(*[LONG] * 4, QUICK_FAIL)
        until(lambda: len(self.there.running()) == 4, "four jobs run")
        self.there.up(workers=2)
        self.all_have_their_verdict()
        self.wait_for_workers(2)
        return self.attempts()

    def kill_broker(self):
        self.push(LONG, LONG, QUICK_FAIL, QUICK_PASS)
        before = until(self.there.running, "jobs run")
        broker = self.there.container("broker")
        self.there.docker("kill", broker)
        self.push(QUICK_PASS)  # while it is away
        self.there.docker("start", broker)
        self.all_have_their_verdict()
        for job in before:
            assert len(self.attempts_of(job)) == 1, f"job {job} ran again, though only the broker died"

    def kill_worker(self):
        self.push(LONG, QUICK_FAIL)
        job, container = until(self.a_running_job, "a job runs")
        self.there.docker("kill", container)
        self.push(QUICK_PASS, QUICK_FAIL)
        until(lambda: len(self.attempts_of(job)) > 1, "the job is given to another")
        self.there.docker("start", container)
        self.all_have_their_verdict()
        outcomes = [attempt["outcome"] for attempt in self.attempts_of(job)]
        assert outcomes[0] == "lost" and outcomes[-1] == "passed", outcomes
        return f"attempts of its job: {', '.join(outcomes)}"

    def cut_off_worker(self):
        self.push(LONG, QUICK_FAIL)
        job, container = until(self.a_running_job, "a job runs")
        network = f"{self.there.project}_default"
        self.there.docker("network", "disconnect", network, container)
        self.push(QUICK_PASS)
        until(lambda: len(self.attempts_of(job)) > 1, "the job is given to another")
        self.there.docker("network", "connect", network, container)
        self.all_have_their_verdict()
        self.wait_for_workers(2)
        return f"attempts of its job: {', '.join(attempt['outcome'] for attempt in self.attempts_of(job))}"

    def down_and_up(self):
        self.push(LONG, LONG, LONG, QUICK_FAIL)
        until(self.a_running_job, "jobs run")
        before = self.there.builds()
        self.there.compose("down", "--timeout", "30")
        self.there.up(workers=2)
        self.all_have_their_verdict()
        kept = {build["build"]: build["verdict"] for build in self.there.builds()}
        for build in before:
            if build["verdict"]:
                assert kept[build["build"]] == build["verdict"], f"build {build['build']} has changed its verdict"
        self.push(QUICK_PASS)
        self.all_have_their_verdict()

    def fsck(self):
        result = self.there.inside("broker", "seaworthy", "fsck", check=False)
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout.strip().splitlines()[-1]

    # ---- what the steps are made of

    def push(self, *scripts):
        for revision, script in zip(self.there.push(*scripts), scripts):
            self.expected[revision] = "failed" if "exit" in script else "passed"

    def all_have_their_verdict(self):
        def wrong():
            seen = collections.defaultdict(list)
            for build in self.there.builds():
                seen[build["revision"]].append(build["verdict"])
            return {revision[:10]: (verdict, seen.get(revision)) for revision, verdict in self.expected.items()
                    if seen.get(revision) != [verdict]}
        try:
            until(lambda: not wrong(), "each commit has one build with its verdict")
        except AssertionError as error:
            raise AssertionError(f"{error}; expected and seen: {wrong()}") from None
        builds = self.there.builds()
        assert len(builds) == len(self.expected), f"{len(builds)} builds for {len(self.expected)} commits"

    def wait_for_workers(self, count):
        def ready():
            states = [worker["state"] for worker in self.there.cli("workers")]
            return sum(state in ("idle", "busy") for state in states) == count
        until(ready, f"{count} workers are there")

    def health(self, service):
        container = self.there.containers(service)[0]
        return self.there.docker("inspect", "--format", "{{.State.Health.Status}}", container).stdout.strip()

    def attempts_of(self, job):
        for build in self.there.builds():
            for one in self.there.cli("show", str(build["build"]))["jobs"]:
                if one["job"] == job:
                    return one["attempts"]
        raise AssertionError(f"there is no job {job}")

    def attempts(self):
        outcomes = collections.Counter()
        for build in self.there.builds()[:5]:
            for job in self.there.cli("show", str(build["build"]))["jobs"]:
                outcomes.update(attempt["outcome"] for attempt in job["attempts"])
        return ", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items()))

    def a_running_job(self):
        """A job that has begun and will take a while, and the container of the worker that runs it."""
        hosts = {worker["worker"]: worker["host"] for worker in self.there.cli("workers")}
        for job, worker in self.there.running().items():
            if "began" not in self.there.inside("console", "seaworthy", "log", str(job)).stdout.splitlines():
                continue
            for container in self.there.containers("worker"):
                if container.startswith(hosts[worker]):
                    return job, container
        return None


def play(composition, say):
    scenario = Scenario(composition, say)
    for words, step in scenario.steps():
        began = time.monotonic()
        remark = step()
        say(words + (f": {remark}" if remark else ""), time.monotonic() - began)
    return len(scenario.expected)
