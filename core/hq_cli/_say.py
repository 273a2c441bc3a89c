"""The one door to stderr: a line for people, or with --log-json an object for programs."""

from __future__ import annotations

import sys

from hq_core.errors import HqError, printable

ERROR, WARNING, INFO = "error", "warning", "info"


class Log:
    """How this process speaks: whose name its lines begin with, whether only errors are told, in which form."""

    name = "hq"
    quiet = False
    as_json = False


log = Log()


def echo(text: object, end: str = "\n") -> None:
    """A result on stdout that is no frame."""
    sys.stdout.write(f"{text}{end}")


def begin(name: str, words: list[str]) -> None:
    """Speak as the command `name`; its words tell the form before they are parsed, as a usage error needs it too."""
    log.name = name
    log.as_json = "--log-json" in words[: words.index("--")] if "--" in words else "--log-json" in words


def say(line: str, level: str = WARNING, code: int | None = None) -> None:
    """One line; `line` may quote anything."""
    _put(printable(line), level, code)


def say_error(error: HqError) -> None:
    """The error that ends the command, its options as they are typed; it may have further lines, with a caret."""
    _put(f"{log.name}: {error.worded(lambda option: option.flag)}", ERROR, error.code)


def told_json(found: object) -> str:
    """A result for programs, in which a terminal finds nothing to obey: what is not printable stands as \\uXXXX."""
    import orjson

    text = orjson.dumps(found, default=str).decode()
    if text.isprintable():
        return text
    import json
    import re

    return re.sub(r"[^\n\x20-\x7e]", lambda c: json.dumps(c[0])[1:-1], text)


def say_traceback() -> None:
    """Where the exception that is being handled came from."""
    import traceback

    text = traceback.format_exc()
    if log.as_json:
        _put(text, "debug", None)
    else:
        _write(text)


def _put(text: str, level: str, code: int | None) -> None:
    if log.quiet and level != ERROR:
        return
    if log.as_json:
        from datetime import UTC, datetime

        import orjson

        told: dict[str, object] = {"ts": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")}
        told |= {"level": level, "cmd": log.name, "event": text.removeprefix(f"{log.name}: ")}
        if code is not None:
            told["code"] = code
        text = orjson.dumps(told).decode()
    _write(text + "\n")


def show(line: str) -> None:
    """The line that the next one takes the place of, on a terminal; '' clears it away."""
    _write(f"\r\033[K{line}")


def _write(text: str) -> None:
    """A closed stderr is nobody's business."""
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except (OSError, ValueError, AttributeError):
        pass
