"""Damaged .npy, .npz, Parquet and Arrow: rows or one error, never a signal, another exception or much memory.

`python tests/helpers/fuzz_tables.py N SEED` runs N inputs; HQ_TRIALS=full does so from pytest.  Every input follows
from its number and the seed, so that `one(number, seed)` makes it again.
"""

from __future__ import annotations

import io
import json
import mmap
import os
import random
import resource
import struct
import sys
import time
import traceback
import zipfile
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import parquet

sys.path.insert(0, str(Path(__file__).resolve().parent))

from arrow_files import without_stream  # noqa: E402
from frames import bars, frames, tagged, trades  # noqa: E402
from inputs import descriptor, exported  # noqa: E402

from hq_core.batch import Schema  # noqa: E402
from hq_core.errors import DATA, HqError  # noqa: E402
from hq_core.formats import SourceOptions, open_source  # noqa: E402

SEED = 20260207
SLICE = 500  # inputs of one child
MORE = 200 << 10  # KiB that a child may take beyond what it began with
SLOW = 2.0  # seconds for one input
BOUNDARIES = (0, 1, -1, 2, 127, 128, 255, 256, 65535, 2**31 - 1, -(2**31), 2**32 - 1, 2**62, 2**63 - 1, -(2**63))
MINUTE = 60 * 10**9


def saved(save, **arrays) -> bytes:
    to = io.BytesIO()
    save(to, **arrays)
    return to.getvalue()


def arrow(table: pa.Table, new, compression=None, size=20) -> bytes:
    to = io.BytesIO()
    with new(to, table.schema, options=pa.ipc.IpcWriteOptions(compression=compression)) as writer:
        writer.write_table(table, max_chunksize=size)
    return to.getvalue()


def parquet_of(table: pa.Table, **options) -> bytes:
    to = io.BytesIO()
    parquet.write_table(table, to, **options)
    return to.getvalue()


def seeds() -> dict[str, bytes]:
    """Valid files of every format, small, so that a byte that changes matters."""
    start = 1_600_000_020 * 10**9
    own = frames(
        bars(
            [(start + (i + 1) * MINUTE, start + i * MINUTE, 1.5, 2.5, 0.5, i / 7, 10.0, 1) for i in range(40)],
            "ts open_time open high low close volume complete",
            symbol="BTCUSDT",
            period="1m",
        )
    )
    vector = frames(
        (
            Schema("signal", "X", "4h", [("ts", "i8"), ("b", "b1"), ("i", "i1"), ("v", "f4x3")]),
            [(i * 10**9, i % 2, -i, [i, 0.5, -1.0]) for i in range(20)],
        )
    )
    several = frames(*(trades([(i, 1.0, 2.0) for i in range(20)], symbol=symbol) for symbol in ("A", "Bé")))
    n = 40
    plain = {
        "open_time": 1_600_000_000_000 + 60_000 * np.arange(n),
        "open": np.arange(n) + 0.5,
        "close": np.arange(n) / 3,
        "volume": np.arange(n, dtype="<i4"),
        "note": np.array([f"n{i}" for i in range(n)]),
    }
    ticks = np.array(
        [(1600000000000000 + i, 1.5, 2.0, True, [1, 2]) for i in range(n)],
        dtype=[("time", "<i8"), ("price", ">f8"), ("qty", "<f4"), ("is_buyer_maker", "?"), ("more", "<i2", (2,))],
    )
    table = pa.table(
        {
            "date": pa.array(1_600_000_000_000_000 + 60_000_000 * np.arange(n)).cast(pa.timestamp("us", tz="UTC")),
            "price": pa.array([i / 3 for i in range(n)]),
            "qty": pa.array([None if i == 7 else i for i in range(n)]),
            "symbol": pa.array(["A", "BB"] * (n // 2)).dictionary_encode(),
            "side": pa.array(["buy", "sell"] * (n // 2)),
            "book": pa.array([[1.0, 2.0], None] * (n // 2)),
            "deep": pa.array([{"a": "x", "b": [1]}] * n),
            "id": pa.array(range(n), pa.uint64()),
            "pair": pa.array([[1.0, 2.0]] * n, pa.list_(pa.float32(), 2)),
            "view": pa.array(["a long text that is not inlined"] * n, pa.string_view()),
            "dec": pa.array(range(n)).cast(pa.decimal128(24, 3)),
        }
    )
    text = pa.table(
        {
            **{name: table[name] for name in ("date", "price", "side", "id")},
            "qty": pa.array([str(i) for i in range(n)]),
            "symbol": pa.array(["A"] * n, pa.large_string()),
        }
    )
    found = {
        f"{kind} {format_}": exported(stream, format_)
        for kind, stream in (("bars", own), ("vectors", vector), ("trades", several))
        for format_ in ("npz", "parquet", "arrow")
    }
    found |= {
        "foreign npz": saved(np.savez, **plain),
        "packed npz": saved(np.savez_compressed, **plain),
        "ticks npy": _npy(ticks),
        "ticks npz": saved(np.savez, ticks=ticks),
        "stream": arrow(table, pa.ipc.new_stream),
        "packed stream": arrow(table, pa.ipc.new_stream, "lz4"),
        "file": arrow(table, pa.ipc.new_file),
        "packed file": arrow(table, pa.ipc.new_file, "zstd"),
        "file without a stream": without_stream(arrow(table, pa.ipc.new_file, "lz4")),
        "text stream": arrow(text, pa.ipc.new_stream),
        "parquet": parquet_of(table, compression="none"),
        "snappy parquet": parquet_of(table, row_group_size=10),
        "delta parquet": parquet_of(
            text,
            compression="none",
            use_dictionary=False,
            column_encoding={
                "id": "DELTA_BINARY_PACKED",
                "qty": "DELTA_BYTE_ARRAY",
                "side": "DELTA_LENGTH_BYTE_ARRAY",
                "price": "BYTE_STREAM_SPLIT",
            },
        ),
        "parquet 2": parquet_of(text, compression="zstd", data_page_version="2.0", data_page_size=64),
    }
    return found


def _npy(array: np.ndarray) -> bytes:
    to = io.BytesIO()
    np.save(to, array)
    return to.getvalue()


# -- damage --------------------------------------------------------------------------------------------------
def flipped(data: bytearray, dice: random.Random) -> None:
    for _ in range(dice.choice((1, 1, 1, 2, 8))):
        data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)


def bytes_set(data: bytearray, dice: random.Random) -> None:
    for _ in range(dice.choice((1, 1, 3))):
        data[dice.randrange(len(data))] = dice.choice((0, 1, 127, 128, 255, dice.randrange(256)))


def number_set(data: bytearray, dice: random.Random) -> None:
    wide = dice.choice((1, 2, 4, 8))
    at = dice.randrange(max(1, len(data) - wide))
    if dice.random() < 0.8:
        at -= at % wide
    value = dice.choice(BOUNDARIES) if dice.random() < 0.7 else len(data) + dice.randrange(-64, 64)
    data[at : at + wide] = (value % (1 << 8 * wide)).to_bytes(wide, "little")


def cut(data: bytearray, dice: random.Random) -> None:
    del data[dice.randrange(len(data)) :]


def removed(data: bytearray, dice: random.Random) -> None:
    at = dice.randrange(len(data))
    del data[at : at + dice.choice((1, 4, 8, 64))]


def put_in(data: bytearray, dice: random.Random) -> None:
    at, of = dice.randrange(len(data)), dice.randrange(len(data))
    data[at:at] = data[of : of + dice.choice((1, 8, 64))] if dice.random() < 0.5 else bytes(dice.choice((1, 8, 64)))


def copied(data: bytearray, dice: random.Random) -> None:
    at, of, n = dice.randrange(len(data)), dice.randrange(len(data)), dice.choice((4, 8, 16, 64))
    data[at : at + n] = data[of : of + n]


WORDS = (
    "f8",
    "i8",
    "<i8",
    ">f4",
    "f8x3",
    "f8x8192",
    "f4x3",
    "<U3",
    "<U900",
    "|O",
    "|b1",
    "i1",
    "b1",
    "s4",
    "<M8[D]",
    "<M8[ns]",
    "<c16",
    "ts",
    "close",
    "symbol",
    "bar",
    "trade",
    "1m",
    "",
    "..",
    "\\u0000",
    "x" * 300,
)
TOKENS = (
    "0",
    "-1",
    "1",
    "40",
    "(40,)",
    "(2, 20)",
    "()",
    "null",
    "None",
    "True",
    "[]",
    "{}",
    "[[[[",
    "1e400",
    "'",
    '"',
    "9223372036854775807",
    "[1]",
    '{"a": 1}',
    "2**9",
)


def said(data: bytearray, dice: random.Random) -> None:
    """Another word in what the file says about itself: a header of an array, hq's description."""
    places = [i for i in range(len(data) - 1) if data[i] in b"\"'([, :" and 31 < data[i + 1] < 127]
    if not places:
        return flipped(data, dice)
    at = dice.choice(places) + 1
    end = at
    while end < min(len(data), at + 40) and chr(data[end]) not in "\"'()[], :":
        end += 1
    old, new = bytes(data[at:end]), dice.choice(WORDS if data[at - 1] in b"\"'" else TOKENS).encode()
    data[at:end] = new[: len(old)].ljust(len(old)) if dice.random() < 0.5 else new
    return None


DAMAGE = (flipped, bytes_set, number_set, number_set, number_set, cut, removed, put_in, copied, said)


def damaged(data: bytes, dice: random.Random) -> bytes:
    """The file, damaged; of an .npz now and then its arrays, in a zip that is whole."""
    if data[:2] == b"PK" and dice.random() < 0.7:
        to = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(to, "w", dice.choice((0, 8))) as new:
            names = old.namelist()
            which = dice.choice(names)
            for name in names:
                member = bytearray(old.read(name))
                if name == which:
                    dice.choice(DAMAGE)(member if dice.random() < 0.5 else member, dice)
                new.writestr(name, bytes(member))
        return to.getvalue()
    made = bytearray(data)
    for _ in range(dice.choice((1, 1, 1, 2, 4))):
        if made:
            dice.choice(DAMAGE)(made, dice)
    return bytes(made)


# -- the run -------------------------------------------------------------------------------------------------
OPTIONS = ({}, {"tz": "UTC", "stamp": "open", "time_unit": "ms", "period": "1m"}, {"kind": "trade", "time_unit": "us"})
_files: list[bytes] = []


def one(number: int, seed: int) -> tuple[bytes, dict[str, str]]:
    """Input `number` and the options it is read with."""
    if not _files:
        _files.extend(seeds().values())
    dice = random.Random(seed * 1_000_003 + number)
    return damaged(dice.choice(_files), dice), dice.choice(OPTIONS)


def outcome(data: bytes, options: dict[str, str]) -> str:
    """'' when the rules hold, or what was wrong; each value that is handed out is looked at."""
    fd = descriptor(data)
    began = time.monotonic()
    rows = 0
    try:
        for kind, item in tagged(open_source(fd, b"", SourceOptions(**options))):
            if kind == "rows":
                rows += item.n
                for name in item.schema.names:
                    bytes(item.view(name))
                if rows > 1_000_000:
                    return f"gave more than {rows} rows"
    except HqError as error:
        text = str(error)
        if error.code not in (DATA, 2, 66) or "\n" in text:
            return f"ended with {error.code}: {text[:300]}"
    except BaseException:  # noqa: BLE001  whatever it is, it is what is looked for
        return "raised " + traceback.format_exc()[-1500:]
    finally:
        os.close(fd)
    took = time.monotonic() - began
    return f"took {took:.1f} s" if took > SLOW else ""


def child(start: int, stop: int, seed: int, at: mmap.mmap) -> int:
    """Run some inputs; the number of the one that is being read stands in `at`."""
    base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for number in range(start, stop):
        at[:8] = struct.pack("<q", number)
        wrong = outcome(*one(number, seed))
        used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - base
        if not wrong and used > MORE:
            wrong = f"took {used >> 10} MiB"
        if wrong:
            print(f"input {number} of seed {seed} {wrong}", flush=True)
            return 1
    return 0


def fuzz(n: int, seed: int = SEED, start: int = 0) -> list[str]:
    """Run n inputs in children; what went wrong, one line each."""
    found = []
    at = mmap.mmap(-1, 8)
    one(start, seed)  # the files are made before the children are
    while start < n:
        stop = min(n, start + SLICE)
        pid = os.fork()
        if pid == 0:
            code = 70
            try:
                code = child(start, stop, seed, at)
            finally:
                os._exit(code)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        if code:
            (number,) = struct.unpack("<q", at[:8])
            found.append(json.dumps({"input": number, "seed": seed, "code": code}))
            print(found[-1], flush=True)
            stop = number + 1
        start = stop
    return found


if __name__ == "__main__":
    sys.exit(bool(fuzz(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else SEED)))
