"""States that nobody's run left: saved ones with wild values put in, taken up in a child so that a crash is seen."""

from __future__ import annotations

import math
import mmap
import os
import random
import signal
import struct
import traceback

import msgpack

from hq_core import statefile
from hq_core.errors import CONFIG, DATA, HqError
from hq_core.lang.source import LangError

FULL = os.environ.get("HQ_TRIALS") == "full"
SECONDS = 60  # a trial that hangs ends its child
WHOLE = (-1, 1 << 62, -(1 << 63), (1 << 63) - 1, 1 << 32, -7, 6, 60)
REAL = (math.nan, math.inf, -math.inf, 1e300, -1e300, 1e19, -1.0, 0.5, 6.0, 12.0)
ODD = (
    None,
    True,
    -1,
    1 << 40,
    (1 << 64) - 1,
    -(1 << 63),
    0.5,
    math.nan,
    "",
    "x" * 300,
    "\x1b[2J\n",
    b"",
    b"\0" * 8,
    [],
    [[]],
    {},
    {"a": 1},
)


def in_child(trials, attempt):
    """Run attempt(trial) for each trial in a forked child; what happened that must not have, '' if nothing did.

    A trial may be refused in one line, as damaged or as not fitting, or with the place of a strategy that it no longer
    fits.
    """
    said = mmap.mmap(-1, 1 << 16)
    pid = os.fork()
    if pid == 0:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        for trial in trials:
            signal.alarm(SECONDS)
            note(said, f"{trial!r}"[:2000])
            try:
                attempt(trial)
            except HqError as error:
                pointed = isinstance(error, LangError)  # whose further lines are the strategy's own and a caret
                if error.code in (DATA, CONFIG) and (pointed or "\n" not in str(error)):
                    continue
                note(said, f"{trial!r}"[:2000] + f"\n{error.code} {error}")
                os._exit(1)
            except BaseException:  # noqa: BLE001  the child says whatever it was
                note(said, f"{trial!r}"[:2000] + "\n" + traceback.format_exc()[-20_000:])
                os._exit(1)
        note(said, "")
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    left = said[:].partition(b"\0")[0].decode()
    if os.WIFSIGNALED(status):
        return f"signal {os.WTERMSIG(status)} at {left}"
    return left


def note(said, text):
    raw = text.encode("utf-8", "replace")[: len(said) - 1] + b"\0"
    said[: len(raw)] = raw


def some(trials, count, seed):
    """All trials, or where there are more than `count` a seeded choice of so many."""
    trials = list(trials)
    return trials if FULL or len(trials) <= count else random.Random(seed).sample(trials, count)


def words(saved, near=()):
    """(place, eight bytes) that take the place of each eight bytes of a record; near: lengths of what they index."""
    wild = [struct.pack("<q", value) for value in (*WHOLE, *near)]
    wild += [struct.pack("<d", value) for value in (*REAL, *map(float, near))]
    for at in range(0, len(saved) - 7, 8):
        for value in wild:
            if saved[at : at + 8] != value:
                yield at, value


def with_word(saved, at, value):
    return saved[:at] + value + saved[at + 8 :]


def places(content, way=()):
    """The way to each value in nested maps and lists."""
    yield way
    inner = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    for key, one in inner:
        yield from places(one, (*way, key))


def at(content, way):
    for key in way:
        content = content[key]
    return content


def put(content, way, value):
    """The content with another value at the end of the way; `value` itself if the way is empty."""
    if not way:
        return value
    copy = dict(content) if isinstance(content, dict) else list(content)
    copy[way[0]] = put(copy[way[0]], way[1:], value)
    return copy


def without(content, way):
    """The content without the value at the end of the way."""
    parent = at(content, way[:-1])
    copy = dict(parent) if isinstance(parent, dict) else list(parent)
    del copy[way[-1]]
    return put(content, way[:-1], copy)


def changes(content):
    """(way, what): `what` is a value to put there, 'gone', 'twice', or the word of a record."""
    for way in places(content):
        held = at(content, way)
        for value in ODD:
            yield way, ("put", value)
        if way:
            yield way, ("gone", None)
        if isinstance(held, dict):
            yield way, ("more", None)
        if isinstance(held, list):
            yield way, ("twice", None)
        if isinstance(held, bytes):
            yield way, ("put", held[:-1])
            yield way, ("put", held + b"\0" * 8)
            yield way, ("put", held[:-8])
            for word in words(held):
                yield way, ("word", word)


def changed(content, change):
    way, (how, what) = change
    held = at(content, way)
    if how == "put":
        return put(content, way, what)
    if how == "gone":
        return without(content, way)
    if how == "more":
        return put(content, way, {**held, "more": 1})
    if how == "twice":
        return put(content, way, held + held)
    return put(content, way, with_word(held, *what))


def attack(content, rest, path, run, count, seed):
    """Each change of a state, written with its digest made anew, by itself before `run(rest)`: none says a fault."""
    tried = some(changes(content), count, seed)

    def attempt(change):
        packed = msgpack.packb(changed(content, change))
        digest = statefile._blake()
        digest.update(packed)
        path.write_bytes(statefile.MAGIC + digest.digest() + packed)
        assert len(run(rest)) < 1 << 22

    os.chmod(path, 0o600)
    told = in_child(tried, attempt)
    assert not told, told
