"""The same bits by an image and by numba's own loader, each in a process of its own."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

from hq_core.conformance.made import bars, overflowing, rough
from hq_core.conformance.runs import bits, once, variants
from hq_core.registry import load

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


def digests(name: str) -> dict[str, str]:
    """Of the output with each set of parameters, nan included, on rough, on overflowing and on smooth bars."""
    of, found = load(name), {}
    for params in variants(of):
        outs = [
            one for columns in (rough(of), overflowing(of), bars(3000, of=of)) for one in once(name, columns, params)
        ]
        found[f"{name} {params}"] = hashlib.sha256(b"".join(bits(outs))).hexdigest()
    return found


def elsewhere(names: Sequence[str], settings: Mapping[str, str]) -> dict[str, str]:
    """The digests that another process finds."""
    paths = os.pathsep.join(path for path in sys.path if path)
    done = subprocess.run(
        [sys.executable, "-P", "-m", "hq_core.conformance.routes", *names],
        capture_output=True,
        text=True,
        env=os.environ | settings | {"PYTHONPATH": paths},
    )
    if done.returncode:
        return {"": done.stderr.strip().rpartition("\n")[2]}
    found: dict[str, str] = json.loads(done.stdout)
    return found


def by_numba(name: str) -> str:
    return _compared(name, {"HQ_JIT": "numba"})


def by_older_processors(name: str) -> str:
    return _compared(name, {"HQ_PROCESSOR": "x86-64-v2"})


def _compared(name: str, settings: Mapping[str, str]) -> str:
    here, there = digests(name), elsewhere([name], settings)
    apart = [key for key in here if there.get(key) != here[key]]
    return (
        f"{apart[0]}: other bits ({there.get('', 'on rough or overflowing bars, or on 3000 smooth ones')})"
        if apart
        else ""
    )


RULES: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("numba's own loader gives the same bits", by_numba),
    ("older processors give the same bits", by_older_processors),
)

if __name__ == "__main__":
    print(json.dumps({key: value for name in sys.argv[1:] for key, value in digests(name).items()}))
