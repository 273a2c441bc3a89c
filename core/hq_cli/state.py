"""hq-state: what a state file holds."""

from __future__ import annotations

from typing import Any

from hq_cli._command import Argument
from hq_cli._filter import command
from hq_cli._say import echo
from hq_core.options import Option

EXAMPLES = """
hq-state rsi.state
truncate -s "$(hq-state --output-bytes rsi.state)" out.hqf
tail -c +$(( $(hq-state --input-bytes rsi.state) + 1 )) bars.hqf | hq-indicators rsi:14 --state rsi.state >> out.hqf
"""


class PartOptions:
    """What is printed alone."""

    input_bytes = Option(False, "Print only how much of its input is in the state.")
    output_bytes = Option(False, "Print only how much output belongs to the state.")


@command("hq-state", EXAMPLES, Argument("file", "FILE"), PartOptions)
def main(file: str, input_bytes: bool, output_bytes: bool) -> None:
    """Print what the state FILE of a filter holds, as one JSON object.

    After a kill -9, cut the output to --output-bytes, give the filter its input from --input-bytes on, and append:
    the whole is what one undisturbed run would have written.

    waiting counts the rows and maps that have been read and not written: a later run of the filter writes them.

    A state is to be trusted as a program is.  Filters refuse one that belongs to others or that others may write, and
    one that is in use; this command only looks, at anyone's and at any time.
    """
    import os

    from hq_core import statefile
    from hq_core.errors import NOINPUT, USAGE, HqError
    from hq_core.saved import Damaged

    if input_bytes and output_bytes:
        raise HqError("--input-bytes and --output-bytes: choose one", USAGE)
    found = statefile.read(file, trusted=False)
    if found is None:
        raise HqError(f"state {file}: there is no such file", NOINPUT)
    wanted = "output" if output_bytes else "input"
    try:
        echo(found[wanted]["bytes"] if input_bytes or output_bytes else _json(found, os.path.getsize(file)))
    except Damaged as error:
        raise statefile.damaged(file, error) from error


def _inputs(source: dict[str, Any]) -> list[dict[str, Any]]:
    """The inputs of a merge: each has an offset of its own."""
    from hq_core.saved import shaped, taking

    with taking():
        files = shaped(source.get("inputs"), [{str: object}])
        return [{name: one[name] for name in ("name", "bytes", "format")} for one in files]


def _waiting(found: dict[str, Any]) -> dict[str, int]:
    """How many rows and maps wait: of a merge, for the rest of their ts, or for others of a panel."""
    from hq_core.saved import taking

    with taking():
        rows, maps = sum(one[1] for one in found["waiting"]), 0
        if found["command"] == "hq-merge":
            source = found["input"]["source"]
            rows, maps = rows + sum(one[2] for one in source["kept"]), maps + len(source["maps"])
        if found["apart"]:
            stage = found["stage"]
            rows, maps = rows + sum(one[1] for one in stage["held"]), maps + len(stage["maps"])
        return {"rows": int(rows), "maps": maps}


def _json(found: dict[str, Any], size: int) -> str:
    import msgpack

    from hq_cli._say import told_json

    told = {name: found[name] for name in ("command", "version", "options", "inputs")}
    told["input"] = {name: found["input"][name] for name in ("bytes", "rows", "ended", "format")}
    if found["command"] == "hq-merge":
        told["input"]["inputs"] = _inputs(found["input"]["source"])
    told["waiting"] = _waiting(found)
    told["output"] = found["output"]
    stage, source = (len(msgpack.packb(part)) for part in (found["stage"], found["input"]["source"]))
    told["sizes"] = {"file": size, "stage": stage, "source": source}
    return told_json(told)


if __name__ == "__main__":
    main()
