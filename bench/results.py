"""Runs the benches and writes what they say to RESULTS.md, with plots: what script/bench calls."""

import json
import os
import pathlib
import subprocess
import sys
import time

import matplotlib

matplotlib.use("svg")
from matplotlib import pyplot  # noqa: E402

from common import cell  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
DATA = HERE / "results"
BUILD = pathlib.Path(os.environ.get("SEAWORTHY_BUILD_DIR", HERE.parent / "build")).resolve()
HOGS = 3

# name: what it is called with, its title, and what is drawn of it: columns, the axis, logarithmic or not.
BENCHES = {
    "latency": (["--commits", "100"], "From a push to its verdict",
                (["by hand, ms", "Seaworthy, ms", "Buildbot, ms"], "milliseconds", False)),
    "queue": (["--runs", "5", "--seconds", "1"], "The durable queue, jobs a second",
              (["1 workers", "8 workers", "64 workers"], "jobs a second", True)),
    "backlog": (["--jobs", "500"], "A long queue", None),
    "fleet": (["--runs", "2", "--seconds", "10", "--rounds", "50"], "Many workers", None),
    "output": (["--runs", "2"], "Output", (["by hand, s", "thrown away, s", "Seaworthy, s"], "seconds", False)),
    "reporter": (["--seconds", "10"], "The reporter under load", None),
    "weight": (["--runs", "5", "--seconds", "10"], "Weight", (["RSS, MiB", "PSS, MiB"], "MiB", False)),
    "latency-busy": (["--commits", "50"], "From a push to its verdict, with three busy jobs beside it", None),
    "queue-busy": (["--runs", "3", "--seconds", "1"], "The durable queue, with three busy jobs beside it", None),
}


def measure(name, words):
    """With `-busy`: beside programs that never rest, at the weight that Seaworthy gives to jobs."""
    bench, _, busy = name.partition("-")
    hogs = [subprocess.Popen(["nice", "-n", "10", sys.executable, "-c", "while True: pass"]) for _ in range(HOGS if busy else 0)]
    start = time.monotonic()
    try:
        done = subprocess.run([HERE / bench, "--json", "--build", BUILD, *words], check=True, stdout=subprocess.PIPE, text=True)
    finally:
        for hog in hogs:
            hog.kill()
            hog.wait()
    figures = json.loads(done.stdout)
    return figures | {"command": " ".join([f"bench/{bench}", *words]), "seconds": round(time.monotonic() - start)}


def columns_of(table):
    return list(dict.fromkeys(column for cells in table.values() for column in cells))


def markdown(title, figures, has_plot, name):
    table = figures["table"]
    columns = columns_of(table)
    lines = [f"## {title}", "",
             f"`{figures['command']}`, {figures['seconds']} s; commit {figures['commit']}; load before {figures['load']:.1f}; "
             "median (least–most).", "", "| | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    for row, cells in table.items():
        lines.append(f"| {row} | " + " | ".join(cell(cells[column]) if column in cells else "" for column in columns) + " |")
    if has_plot:
        lines += ["", f"![{title}](results/{name}.svg)"]
    return lines + [""]


def draw(name, title, figures, columns, axis, is_log):
    rows = [row for row, cells in figures["table"].items() if all(column in cells for column in columns)]
    height = 0.8 / len(columns)
    plot, axes = pyplot.subplots(figsize=(8, 1 + 0.22 * len(rows) * (len(columns) + 1)))
    for place, column in enumerate(columns):
        cells = [figures["table"][row][column] for row in rows]
        spread = [[median - least for median, least, _ in cells], [most - median for median, _, most in cells]]
        axes.barh([at + place * height for at in range(len(rows))], [median for median, _, _ in cells], height, xerr=spread,
                  label=column, error_kw={"elinewidth": 0.8})
    axes.set_yticks([at + 0.4 - height / 2 for at in range(len(rows))], rows)
    axes.invert_yaxis()
    axes.set_xlabel(axis)
    if is_log:
        axes.set_xscale("log")
    axes.set_title(title)
    axes.legend(fontsize="small")
    plot.tight_layout()
    plot.savefig(DATA / f"{name}.svg", metadata={"Date": None})
    pyplot.close(plot)


def main(names):
    unknown = [name for name in names if name not in BENCHES]
    if unknown:
        raise SystemExit(f"bench: there is no {unknown[0]}: {', '.join(BENCHES)}")
    DATA.mkdir(exist_ok=True)
    matplotlib.rcParams["svg.hashsalt"] = "seaworthy"
    failed = []
    for name in names or BENCHES:
        words, title, plot = BENCHES[name]
        print(f"bench: {name}", flush=True)
        try:
            figures = measure(name, words)
        except subprocess.CalledProcessError:
            failed.append(name)
            continue
        (DATA / f"{name}.json").write_text(json.dumps(figures, indent=1) + "\n")
        if plot:
            draw(name, title, figures, *plot)
    write()
    if failed:
        raise SystemExit(f"bench: failed, its table is an older one: {', '.join(failed)}")


def write():
    text = ["# Figures", "", "Written by `script/bench`; what they mean, and what was done about them: "
            "[docs/performance.md](../docs/performance.md).", ""]
    machines = set()
    for name, (_, title, plot) in BENCHES.items():
        if (DATA / f"{name}.json").exists():
            figures = json.loads((DATA / f"{name}.json").read_text())
            machines.add(figures["machine"])
            text += markdown(title, figures, plot, name)
    text[2:2] = ["Machine: " + "; ".join(sorted(machines)) + ".", ""]
    (HERE / "RESULTS.md").write_text("\n".join(text).rstrip() + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
