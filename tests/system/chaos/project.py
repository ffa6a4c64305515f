"""Commits whose right verdict and output are known beforehand: what a revision yields is drawn from the seed.

A pipeline has one to three jobs; each runs a script of the revision, which first appends a line to a file outside
(who ran, for the count of executions) and then does what its kind says.
"""

import dataclasses
import hashlib
import pathlib

from programs import Repository
from protocol import job as job_specification

REF = "refs/heads/main"


@dataclasses.dataclass(frozen=True)
class Job:
    name: str
    kind: str
    needs: tuple = ()
    lines: int = 1

    def words(self, number):
        return f"commit {number} job {self.name} line"

    def script(self, number, executions):
        count = f"for i in $(seq {self.lines}); do echo {self.words(number)} $i"
        body = {
            "quick": f"{count}; done",
            "fails": f"{count}; done; exit 3",
            "chatty": f"seq -f '{self.words(number)} %.0f' {self.lines}",
            "slow": f"{count}; sleep 1; done",
            "steady": f"{count}; sleep 0.1; done",
            "endless": f"{count}; done; exec sleep 3600",
        }[self.kind]
        return (f'printf "%s\\n" "$SEAWORTHY_JOB $SEAWORTHY_ATTEMPT $SEAWORTHY_REVISION $SEAWORTHY_JOB_NAME"'
                f" >>{executions}\n{body}\n")

    def output(self, number):
        return "".join(f"{self.words(number)} {i}\n" for i in range(1, self.lines + 1)).encode()

    @property
    def verdict(self):
        return {"fails": "failed", "endless": "cancelled"}.get(self.kind, "passed")


@dataclasses.dataclass(frozen=True)
class Plan:
    """What one commit is; cancel_after: seconds after which its build is cancelled, or None."""

    number: int
    jobs: tuple
    cancel_after: float | None = None

    def expected(self):
        """{job name: what is right}, for the history."""
        right = {}
        for job in self.jobs:
            verdict = job.verdict
            if any(right[need]["verdict"] != "passed" for need in job.needs):
                verdict = "skipped"
            output = b"" if verdict == "skipped" else job.output(self.number)
            right[job.name] = {"verdict": verdict, "needs": list(job.needs), "bytes": len(output),
                               "sha256": hashlib.sha256(output).hexdigest()}
        return right

    def verdict(self):
        found = {job["verdict"] for job in self.expected().values()}
        return next(verdict for verdict in ("failed", "cancelled", "passed") if verdict in found)


def draw_plan(rng, number):
    if rng.random() < 0.06:
        return Plan(number, (Job("endless", "endless"),), cancel_after=rng.uniform(0.2, 6))
    jobs = []
    for index in range(rng.choices((1, 2, 3), (6, 3, 1))[0]):
        kind = rng.choices(("quick", "fails", "chatty", "slow", "steady"), (8, 3, 3, 3, 3))[0]
        lines = {"quick": rng.randint(1, 5), "fails": rng.randint(1, 5), "chatty": rng.choice((600, 9_000, 40_000)),
                 "slow": rng.randint(1, 2), "steady": rng.choice((5, 20, 70))}[kind]
        needs = tuple(job.name for job in jobs if rng.random() < 0.5)
        jobs.append(Job("abc"[index], kind, needs, lines))
    return Plan(number, tuple(jobs), rng.uniform(0, 5) if rng.random() < 0.05 else None)


class Project:
    """A repository that grows by planned commits."""

    def __init__(self, path, executions):
        self.repository = Repository(path)
        self.path = pathlib.Path(path).resolve()
        self.executions = executions

    def commit(self, plan):
        """Returns the revision."""
        text = "jobs:\n"
        for job in plan.jobs:
            needs = f"    needs: [{', '.join(job.needs)}]\n" if job.needs else ""
            text += f"  {job.name}:\n{needs}    run: bash ./{job.name}.sh\n"
            self.repository.write(f"{job.name}.sh", job.script(plan.number, self.executions))
        self.repository.write(".seaworthy.yml", text)
        return self.repository.commit(f"commit {plan.number}")


def specifications(plan):
    """The plan's jobs as a client's Submit carries them: the same as the pipeline file says."""
    return [job_specification(job.name, f"bash ./{job.name}.sh", job.needs) for job in plan.jobs]


def own_output(log):
    """What the job itself wrote, without the lines that the worker wrote around it; None if they are not there."""
    start = log.find(b"==> step 1 of 1: ")
    end = log.rfind(b"\n==> step 1 exited with ")
    if start < 0:
        return None
    start = log.index(b"\n", start) + 1
    return log[start:end + 1] if end >= 0 else log[start:]
