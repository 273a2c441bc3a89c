"""Mutated CSV, JSON and packed text: each gives rows or one error of one line, whatever was changed.

HQ_TRIALS=full python tests/helpers/fuzz_text.py [SEED]
"""

from __future__ import annotations

import bz2
import gc
import gzip
import io
import json
import lzma
import os
import random
import resource
import signal
import sys
import time
import zipfile

from frames import tagged
from inputs import descriptor

from hq_core.api.pipe import Pipe
from hq_core.errors import HqError
from hq_core.formats import SourceOptions
from hq_core.order import ordered
from hq_core.stages.imports import Import

FULL, FEW = 300_000, 600
BARS = "open_time,open,high,low,close,volume,close_time,count,rsi\n" + "".join(
    f"{1600000020000 + 60000 * i},{i}.5,{i + 1},{i},{i}.25,{10 * i},{1600000079999 + 60000 * i},{i},\n"
    for i in range(6)
)
AGG = "agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,is_buyer_maker\n" + "".join(
    f"{i},{i}.1,{i},{2 * i},{2 * i + 1},{1600000000000 + i},{'true' if i % 2 else 'false'}\n" for i in range(8)
)
DATES = "Symbol;Date;Close;Vol\n" + "".join(
    f'A{i % 2};"2024-03-{10 + i // 2} 00:00:00";1,{i};{i}e2\n' for i in range(8)
)
NAMES = "B", '"A,1"', "é"
PANEL = "ts,symbol,open_time,open,high,low,close,volume,complete\n" + "".join(
    f"2026-02-01T00:0{1 + i // 3}:00Z,{NAMES[2 * i % 3]},2026-02-01T00:0{i // 3}:00Z,2,3,1,2,{i},{i % 7 > 0:d}\n"
    for i in range(12)
)
OBJECTS = [
    {"symbol": "AB"[i % 2], "ts": f"2026-02-01T00:00:0{i}Z", "price": i / 7, "qty": f"{i}", "side": "buy"}
    for i in range(6)
]
KLINES = [
    [1600000000000 + 60000 * i, "1.5", "2", "1", "1.7", "3", 1600000059999 + 60000 * i, "4", 5, "6", "7", "8"]
    for i in range(4)
]
MESSAGES = [
    {
        "e": "kline",
        "s": "X",
        "k": {
            "t": 1600000000000,
            "T": 1600000059999,
            "s": "X",
            "i": "1m",
            "o": "1",
            "c": "2",
            "h": "3",
            "l": "1",
            "v": "4",
            "n": 5,
            "x": True,
            "q": "6",
            "V": "7",
            "Q": "8",
        },
    },
    {
        "stream": "x",
        "data": {"e": "aggTrade", "s": "X", "a": 1, "p": "2", "q": "3", "f": 4, "l": 5, "T": 1600000000000, "m": False},
    },
    {"e": "depth", "b": [[1, 2]]},
]
OWN = [
    {
        "kind": "bar",
        "symbol": "X",
        "period": "1m",
        "ts": "2026-02-01T00:01:00Z",
        "open_time": "2026-02-01T00:00:00Z",
        "open": 1.0,
        "high": 2.0,
        "low": 0.5,
        "close": 1.5,
        "complete": True,
        "open_long": "inf",
        "sma_3": None,
    },
    {
        "kind": "fill",
        "symbol": "X",
        "period": "1m",
        "ts": "2026-02-01T00:01:00Z",
        "fill_time": "2026-02-01T00:01:00Z",
        "side": "long",
        "action": "open_long",
        "price": 1.5,
        "liquidity": "taker",
        "reason": "signal",
    },
    {"kind": "equity", "ts_ms": 1600000000000, "equity": 1.0, "extra": True},
    {"kind": "report", "rows": 5, "sharpe_ann": None, "orders": {"filled": 1}},
]
PLAIN = [
    (BARS.encode(), {}),
    (BARS.split("\n", 1)[1].encode(), {}),
    (AGG.encode(), {}),
    (AGG.split("\n", 1)[1].encode(), {}),
    (DATES.encode(), {"tz": "America/New_York", "stamp": "open", "decimal": ","}),
    (DATES.encode(), {"tz": "UTC", "stamp": "close", "decimal": ",", "period": "1d", "columns": {"volume": "Vol"}}),
    (PANEL.encode(), {}),
    (PANEL.encode(), {"dedupe": "last"}),
    (PANEL.encode(), {"order": "sort", "dedupe": "exact"}),
    (PANEL.encode(), {"period": "1m", "invalid": "drop"}),
    (PANEL.encode(), {"dedupe": "exact", "invalid": "keep"}),
    (BARS.encode(), {"columns": {"ts": "close_time", "x": "9"}, "period": "1m", "symbol": "Y"}),
    ("\n".join(map(json.dumps, OBJECTS)).encode(), {}),
    (json.dumps(OBJECTS, indent=1).encode(), {}),
    (json.dumps(KLINES).encode(), {}),
    (json.dumps([row[:6] for row in KLINES]).encode(), {}),
    ("\n".join(map(json.dumps, MESSAGES)).encode(), {}),
    ("\n".join(map(json.dumps, OWN)).encode(), {}),
    (json.dumps(OWN[3], indent=2).encode(), {}),
]
TOKENS = [
    b"1e400",
    b"1e5000000",
    b"-1",
    b"9223372036854775808",
    b"18446744073709551616",
    b"inf",
    b"-inf",
    b"nan",
    b"null",
    b"true",
    b'"',
    b"'",
    b",",
    b";",
    b"\n",
    b"\r\n",
    b"\r",
    b"\0",
    b"\xff",
    b"\xef\xbb\xbf",
    b"{",
    b"}",
    b"[",
    b"]",
    b":",
    b"\\",
    b"\x1b[2J",
    b"99999999999999999999d",
    b"300",
    b"0.1",
    b".",
    b"e",
    b"-",
    b"+",
    b" ",
    b"[" * 70,
    b'"kind":"fill",',
    b'"kind":"trade",',
    b'"period":"1w",',
    b'"e":"kline",',
    b"1677-09-21T00:00:00Z",
    b"2262-04-11T23:59:59Z",
    b"2024-03-10 02:30:00",
    b"9" * 50,
    b"\xe2\x80\xae",
    b"1,",
    b'""',
]


def zipped(data: bytes, turn: random.Random) -> bytes:
    to = io.BytesIO()
    cut = data.find(b"\n", turn.randrange(len(data) + 1)) + 1
    with zipfile.ZipFile(to, "w", turn.choice([zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED])) as archive:
        for name, part in (("X-1m-2024-01.csv", data[:cut]), (turn.choice(["X-1m-2024-02.csv", "Y"]), data[cut:])):
            archive.writestr(name, part)
    return to.getvalue()


def zstd(data: bytes) -> bytes:
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(data)
    return bytes(sink.getvalue().to_pybytes())


def packed(data: bytes, turn: random.Random) -> bytes:
    how = turn.randrange(6)
    if how == 0:
        return zipped(data, turn)
    if how == 1:
        return zstd(data)
    if how == 2:
        return lzma.compress(data, preset=0)
    if how == 3:
        return bz2.compress(data, 1)
    cut = turn.randrange(len(data) + 1)
    return gzip.compress(data[:cut], 1) + bytes(turn.choice([0, 0, 7])) + gzip.compress(data[cut:], 1)


def mutated(data: bytes, turn: random.Random) -> bytes:
    found = bytearray(data)
    for _ in range(turn.choice([1, 1, 1, 2, 3, 6])):
        at = turn.randrange(len(found) + 1)
        how = turn.randrange(7)
        if how == 0 and at < len(found):
            found[at] ^= 1 << turn.randrange(8)
        elif how == 1:
            del found[at : at + turn.choice([1, 1, 3, 20])]
        elif how == 2:
            found[at:at] = turn.choice(TOKENS)
        elif how == 3:
            found[at : at + turn.choice([1, 4, 13])] = turn.choice(TOKENS)
        elif how == 4:
            other = turn.randrange(len(found) + 1)
            found[at:at] = found[other : other + turn.randrange(60)]
        elif how == 5:
            del found[at:]
        elif at < len(found):
            found[at] = turn.randrange(256)
    return bytes(found)


def outcome(data: bytes, options: dict[str, object]) -> str:
    """What a read gave, as text.  Raises AssertionError for an error that a user must not see."""
    fd = descriptor(data)
    rows = maps = 0
    try:
        stage = Import(SourceOptions(**options))
        for kind, item in tagged(Pipe(stage).run(stage.source(fd) if stage.any_order else ordered(stage.source(fd)))):
            rows += item.n if kind == "rows" else 0
            maps += kind == "map"
    except HqError as error:
        if error.code not in (2, 65, 66, 78) or not str(error).isprintable():
            raise AssertionError(f"{error.code}: {error!s}") from error
        return f"{rows} rows, {error}"
    finally:
        os.close(fd)
    return f"{rows} rows {maps} maps"


def run(trials: int, seed: int) -> dict[str, float]:
    """So many mutations; the worst time and the memory that they took."""

    def late(*_: object) -> None:
        raise AssertionError("a read took more than 10 s")

    turn = random.Random(seed)
    signal.signal(signal.SIGALRM, late)
    slowest, refused = 0.0, 0
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for number in range(trials):
        data, options = turn.choice(PLAIN)
        if turn.random() < 0.2:
            options = turn.choice(PLAIN)[1]
        if turn.random() < 0.4:
            first = mutated(data, turn) if turn.random() < 0.5 else data
            data = packed(first, turn)
        data = mutated(data, turn)
        signal.alarm(10)
        start = time.process_time()
        try:
            refused += "rows," in outcome(data, options)
        except BaseException:
            print(f"seed {seed} trial {number}: {options} {data!r}", file=sys.stderr)
            raise
        if number % 50 == 0:
            gc.collect()  # a source is a megabyte, of which the collector counts a few objects
        slowest = max(slowest, time.process_time() - start)
    signal.alarm(0)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    return {"trials": trials, "seed": seed, "refused": refused, "slowest_s": slowest, "grown_mb": grown / 1024}


def trials() -> int:
    return FULL if os.environ.get("HQ_TRIALS") == "full" else int(os.environ.get("HQ_TRIALS") or FEW)


if __name__ == "__main__":
    print(run(trials(), int(sys.argv[1]) if len(sys.argv) > 1 else 7))
