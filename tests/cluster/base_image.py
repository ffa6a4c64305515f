"""The image that all others are made from: Debian's, pulled where there is a registry, else made with debootstrap.

One that is made has this machine's own apt sources and proxies, which are read when it is made.
"""

import contextlib
import os
import pathlib
import re
import shutil
import subprocess

from engine import run

PULLED = "debian:bookworm-slim"
PULL_SECONDS = 180
# As Debian's own slim images have it.
SLIM = """force-unsafe-io
path-exclude /usr/share/doc/*
path-include /usr/share/doc/*/copyright
path-exclude /usr/share/man/*
path-exclude /usr/share/locale/*
path-exclude /usr/share/info/*
"""


def get(engine, folder, name):
    """The image's name, and whether it was made (as `name`)."""
    if engine_has(engine, PULLED) or pull(engine):
        return PULLED, False
    make(engine, pathlib.Path(folder) / "base", name)
    return name, True


def engine_has(engine, image):
    return run("docker", "image", "inspect", image, check=False, env=engine.environment).returncode == 0


def pull(engine):
    with contextlib.suppress(subprocess.TimeoutExpired):
        return run("docker", "pull", "--quiet", PULLED, check=False, env=engine.environment,
                   timeout=PULL_SECONDS).returncode == 0
    return False


def make(engine, tree, name):
    tree.mkdir(parents=True)
    run("mount", "-t", "tmpfs", "-o", "size=2g", "base", tree)  # many small files, each made durable
    try:
        bootstrap(tree)
        with subprocess.Popen(["tar", "--create", "--directory", str(tree), "."], stdout=subprocess.PIPE) as packing:
            run("docker", "import", "-", name, env=engine.environment, stdin=packing.stdout, timeout=600)
    finally:
        run("umount", "--lazy", tree)


def bootstrap(tree):
    """Fills an empty folder with what Debian's slim image has, and with this machine's settings of apt."""
    release = codename()
    sources = apt_sources(release)
    mirror = [uri for uri, suite, _ in sources if suite == release][:1]  # none: debootstrap knows one
    run("debootstrap", "--variant=minbase", release, tree, *mirror, timeout=900)
    if mirror:
        (tree / "etc/apt/sources.list").write_text("".join(f"deb {uri} {suite} {components}\n"
                                                           for uri, suite, components in sources))
    (tree / "etc/apt/apt.conf.d/90machine").write_text(apt_settings())
    (tree / "etc/dpkg/dpkg.cfg.d/slim").write_text(SLIM)
    if any(uri.startswith("https:") for uri, _, _ in sources):
        (tree / "etc/ssl/certs").mkdir(parents=True, exist_ok=True)
        shutil.copy("/etc/ssl/certs/ca-certificates.crt", tree / "etc/ssl/certs")
    for folder in ("var/cache/apt", "var/lib/apt/lists", "usr/share/man", "usr/share/locale", "usr/share/info"):
        empty(tree / folder)


def empty(folder):
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()


def codename():
    text = pathlib.Path("/etc/os-release").read_text()
    found = re.search(r"^VERSION_CODENAME=(\w+)$", text, re.M)
    return found[1] if found and re.search(r"^ID=debian$", text, re.M) else "bookworm"


def apt_sources(release):
    """(URI, suite, components) of this machine's Debian sources for the release; both notations."""
    found = []
    for file in sorted(pathlib.Path("/etc/apt").glob("sources.list")) + sorted(
            pathlib.Path("/etc/apt/sources.list.d").glob("*")):
        text = "\n".join(line for line in file.read_text().splitlines() if not line.startswith("#"))
        if file.suffix == ".sources":
            for stanza in re.split(r"\n\s*\n", text):
                fields = dict(re.findall(r"^(\S+):[ \t]*(.*)$", stanza, re.M))
                if "deb" in fields.get("Types", "").split():
                    found += [(uri, suite, fields.get("Components", "main")) for uri in fields.get("URIs", "").split()
                              for suite in fields.get("Suites", "").split()]
        elif file.suffix == ".list":
            for uri, suite, components in re.findall(r"^deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)\s+(.*)$", text, re.M):
                found.append((uri, suite, components))
    ours = {release, f"{release}-updates", f"{release}-security"}
    return [one for one in found if one[1] in ours and re.search(r"/debian(-security)?/?$", one[0])]


def apt_settings():
    """Proxies and the like, as this machine's apt uses them."""
    dump = run("apt-config", "dump").stdout
    lines = [line for line in dump.splitlines() if re.match(r'Acquire::(https?|Check-[A-Za-z-]+)\b.* ".+";$', line)]
    for scheme in ("http", "https"):
        proxy = os.environ.get(f"{scheme}_proxy")
        if proxy and not any(line.startswith(f"Acquire::{scheme}::Proxy ") for line in lines):
            lines.append(f'Acquire::{scheme}::Proxy "{proxy}";')
    return "\n".join(lines) + "\n"
