"""The project's docker-compose.yml, started as an operator would, under a name of this test's own."""

import json
import os
import pathlib
import shutil
import subprocess
import time

from engine import CannotRun, run

ROOT = pathlib.Path(__file__).resolve().parents[2]
FILES = ["docker-compose.yml", "tests/cluster/compose.yml"]
IMAGES = ["cli", "broker", "worker", "watcher", "reporter", "demo"]
REPOSITORY = "git://repositories/project.git"
JOB = "jobs: {test: {run: ./job}}\n"
DEADLINE = 240  # generous: two cores may be shared with others


def until(condition, what, deadline=DEADLINE):
    """The first true value of condition(); fails with `what` when none comes."""
    end = time.monotonic() + deadline
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"did not come true within {deadline} s: {what}")
        time.sleep(0.2)


class Composition:
    def __init__(self, engine, project, base):
        self.project = project
        self.base = base
        self.environment = {name: value for name, value in engine.environment.items()
                            if not name.startswith(("SEAWORTHY_", "COMPOSE_"))}
        self.environment |= {
            "COMPOSE_PROJECT_NAME": project, "SEAWORTHY_REPOS": REPOSITORY, "SEAWORTHY_IMAGES": project,
            "SEAWORTHY_BASE": base, "SEAWORTHY_PORT": "0", "SEAWORTHY_HTTP": "127.0.0.1:0",  # any: this machine's 8888 may be taken
            "DOCKER_BUILDKIT": os.environ.get("DOCKER_BUILDKIT", "0")}
        self.command = compose_command(self.environment)

    def compose(self, *words, check=True, timeout=DEADLINE):
        files = [word for file in FILES for word in ("--file", file)]
        return run(*self.command, *files, *words, check=check, timeout=timeout, env=self.environment, cwd=ROOT)

    def docker(self, *words, check=True, timeout=DEADLINE):
        return run("docker", *words, check=check, timeout=timeout, env=self.environment)

    def require_mirror(self):
        """Images are built from Debian's packages: where containers reach none, nothing can be tested."""
        try:
            self.docker("run", "--rm", self.base, "apt-get", "-o", "APT::Update::Error-Mode=any", "-qq", "update", timeout=300)
        except (RuntimeError, subprocess.TimeoutExpired) as error:
            raise CannotRun(f"containers reach no mirror of Debian's packages: {error}") from error

    # ---- containers

    def up(self, workers):
        self.compose("up", "--detach", "--no-build", "--scale", f"worker={workers}")

    def containers(self, service, *more):
        """Ids, the oldest first."""
        words = ["ps", "--quiet", "--no-trunc", "--filter", f"label=com.docker.compose.project={self.project}",
                 "--filter", f"label=com.docker.compose.service={service}",
                 "--filter", "label=com.docker.compose.oneoff=False", *more]
        return self.docker(*words).stdout.split()[::-1]

    def container(self, service):
        [one] = self.containers(service)
        return one

    def inside(self, service, *words, check=True, timeout=DEADLINE):
        return self.docker("exec", self.container(service), *words, check=check, timeout=timeout)

    def once(self, service, command, *options, check=True):
        """A new container of the service that runs `command` and goes."""
        return self.compose("run", "--rm", "-T", "--no-deps", *options, service, *command, check=check)

    # ---- Seaworthy

    def cli(self, *words):
        """The command's JSON, asked with the key of an administrator."""
        return json.loads(self.inside("console", "seaworthy", *words, "--json").stdout)

    def builds(self):
        return self.cli("builds", "--limit", "1000")

    def running(self):
        """Jobs by number: the worker that runs each."""
        return {job["job"]: job["worker"] for job in self.cli("status")["running"]}

    # ---- the repository

    def make_repository(self):
        self.inside("repositories", "sh", "-ec", f"""
            cd /var/lib/seaworthy
            git init -q --bare --initial-branch=main project.git
            git clone -q project.git tree 2>/dev/null
            cd tree
            git config user.name Ada && git config user.email ada@example.org
            printf '{JOB}' >.seaworthy.yml""")

    def push(self, *scripts):
        """One commit for each script, which is what its job runs; then one push. The revisions."""
        words = ["bash", "-ec", """
            cd /var/lib/seaworthy/tree
            for script; do
              printf '#!/bin/bash -e\\n%s\\n' "$script" >job && chmod +x job
              git add -A && git commit -q --allow-empty -m "$script"
              git rev-parse HEAD
            done
            git push -q origin HEAD:main""", "push", *scripts]
        return self.inside("repositories", *words).stdout.split()

    def remove(self):
        self.compose("down", "--volumes", "--timeout", "5", "--remove-orphans", check=False)
        for image in IMAGES:
            self.docker("image", "rm", "--force", f"{self.project}-{image}", check=False)


def compose_command(environment):
    """`docker compose` where there is one, else docker-compose."""
    plugin = subprocess.run(["docker", "compose", "version"], capture_output=True, env=environment)
    if plugin.returncode == 0:
        return ["docker", "compose"]
    if shutil.which("docker-compose"):
        return ["docker-compose"]
    raise RuntimeError("there is neither `docker compose` nor docker-compose: install one of them")
