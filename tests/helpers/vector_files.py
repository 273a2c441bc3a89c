"""The conformance vectors in tests/vectors, and what their .json says."""

from __future__ import annotations

import json

from places import ROOT

FOLDER = ROOT / "tests" / "vectors"
GOOD = sorted(path.stem for path in FOLDER.glob("good-*.hqf"))
BAD = sorted(path.stem for path in FOLDER.glob("bad-*.hqf"))


def stream(name):
    return (FOLDER / f"{name}.hqf").read_bytes()


def expected(name):
    """The .json with columns as numbers: floats by value, i8 as ints."""
    said = json.loads((FOLDER / f"{name}.json").read_text())
    for series in said["series"]:
        types = dict(series["cols"])
        series["columns"] = {
            column: [_value(types[column], one) for one in values] for column, values in series["columns"].items()
        }
    return said


def _value(item, told):
    if item == "text":
        return told
    item = item.partition("x")[0]
    if isinstance(told, list):
        return [_value(item, one) for one in told]
    return float.fromhex(told) if item in ("f4", "f8") else int(told)
