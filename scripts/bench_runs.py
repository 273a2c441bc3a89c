"""How scripts/bench measures: command lines and workers that take turns, what they take, and which peers there are.

Peers run their part with the same files, so that nothing here needs more than Python.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

ROOT = Path(__file__).resolve().parents[1]
FIGURES: dict[str, float] = {}  # seconds of what is measured, for a later run to be compared with
PEAKS: dict[str, float] = {}  # and MiB
ENV = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}


def timed(line: str, folder: Path) -> float:
    """Wall seconds of a shell line, which must succeed."""
    started = time.perf_counter()
    subprocess.run(["bash", "-o", "pipefail", "-c", line], cwd=folder, env=ENV, check=True)
    return time.perf_counter() - started


def medians(lines: Sequence[str], folder: Path, repeat: int) -> list[float]:
    """The median time of each line; the lines take turns, so that a slow minute of the machine hits all of them."""
    for line in lines:
        timed(line, folder)
    rounds = [[timed(line, folder) for line in lines] for _ in range(repeat)]
    return [statistics.median(times) for times in zip(*rounds, strict=True)]


PEAK = """
import os, sys
nowhere = (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0), (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0)
_, status, used = os.wait4(os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ, file_actions=nowhere), 0)
print(used.ru_maxrss / 1024)
sys.exit(status != 0)
"""


def peak_mib(words: Sequence[str], stdin: Path) -> float:
    """Peak resident memory of one process, in MiB; a bare Python starts it, as what starts a process counts too."""
    with stdin.open("rb") as file:
        told = subprocess.run(
            [sys.executable, "-S", "-c", PEAK, *words],
            stdin=file,
            env=ENV,
            stdout=subprocess.PIPE,
            check=True,
            cwd=stdin.parent,
        )
    return float(told.stdout)


def has(python: str, *modules: str) -> bool:
    """Whether a Python has all of the modules; '' has none."""
    finds = "import sys; from importlib.util import find_spec; sys.exit(not all(map(find_spec, sys.argv[1:])))"
    return bool(python) and subprocess.run([python, "-c", finds, *modules]).returncode == 0


def left_out(names: Sequence[str]) -> list[str]:
    """What is said of peers that are not there."""
    return [f"Not measured, as --peers has none: {', '.join(names)}.", ""] if names else []


def in_turns(workers: Mapping[str, Sequence[str]], repeat: int) -> dict[str, list[dict[str, Any]]]:
    """What each worker tells in `repeat` rounds in which all take turns; workers: the words of their processes.

    A worker is a process that calls `serve`.
    """
    at_work = {}
    for who, words in workers.items():
        at_work[who] = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    told: dict[str, list[dict[str, Any]]] = {who: [] for who in at_work}
    for who, process in at_work.items():
        assert process.stdout is not None
        if process.stdout.readline() != "ready\n":
            raise SystemExit(f"{who}: could not begin")
    for _ in range(repeat):
        for who, process in at_work.items():
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write("go\n")
            process.stdin.flush()
            told[who].append(json.loads(process.stdout.readline()))
    for process in at_work.values():
        process.communicate()
    return told


def serve(once: Callable[[], dict[str, Any]]) -> None:
    """Be a worker: call `once` for each line of stdin, and tell what it gives."""
    print("ready", flush=True)
    for _ in sys.stdin:
        print(json.dumps(once()), flush=True)


def seconds(work: Callable[[], object]) -> dict[str, Any]:
    """How long it took, as a worker tells it."""
    started = time.perf_counter()
    work()
    return {"seconds": time.perf_counter() - started}


def median(rounds: Sequence[Mapping[str, Any]], name: str = "seconds") -> float:
    return statistics.median(one[name] for one in rounds)
