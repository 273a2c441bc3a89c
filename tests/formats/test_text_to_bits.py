"""Floats and times out of hq-export and into hq-import again, through every format: the same bits, then the same bytes.

Some hundred thousand of every exponent and year; HQ_TRIALS=full sends ten million floats and ten million times.
"""

from __future__ import annotations

import ctypes
import math
import os
import random
import struct
from array import array
from datetime import UTC, datetime
from decimal import Decimal, localcontext
from fractions import Fraction
from itertools import chain

import pytest
from frames import gathered, items

from hq_core.batch import Schema
from hq_core.say import iso_text

FULL = os.environ.get("HQ_TRIALS") == "full"
WIDE = 20  # columns of floats
TEXT = ("csv", "tsv", "jsonl", "json")
FORMATS = (*TEXT, "npz", "parquet", "arrow")
MINUTE = 60 * 10**9
T0 = 1_769_904_000 * 10**9  # 2026-02-01
FIRST, LAST = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) * 10**9 for year in (1678, 2262))
NAN = float("nan")


def of_bits(bits: int) -> float:
    return struct.unpack("<d", struct.pack("<Q", bits & 2**64 - 1))[0]


# -- values --------------------------------------------------------------------------------------------------
def edges() -> list[float]:
    """Every exponent with the fractions about its ends, powers of ten, whole numbers about 2^53, both signs of each."""
    made = [0.0, math.inf, NAN, *(of_bits(k) for k in range(1, 40))]
    for exponent in range(2047):
        made += [of_bits(exponent << 52 | f) for f in (0, 1, 2, 1 << 51, (1 << 51) - 1, (1 << 52) - 2, (1 << 52) - 1)]
    for ten in (float(f"1e{e}") for e in range(-323, 309)):
        made += [ten, math.nextafter(ten, 0.0), math.nextafter(ten, math.inf)]
    made += [2.0**53 + k for k in range(-500, 500)] + [2.0**64 + 4096 * k for k in range(-9, 9)]
    return made + [-one for one in made if one == one]


def tie(turn: random.Random) -> tuple[float, int]:
    """A float, and a whole number halfway to the next one that has fewer digits than both: 10^k times an odd number."""
    k = turn.randrange(1, 23)
    low, high = -(-(2 ** (53 + k)) // 10**k), 2 ** (54 + k) // 10**k
    halfway = 10**k * (turn.randrange(low, high) | 1)
    if halfway >= 2 ** (54 + k):
        return tie(turn)
    return float(halfway - 2**k), halfway


def floats(turn: random.Random, n: int) -> array[float]:
    """n floats: bits of any kind, decimals as people write them, halves of a last digit, subnormals."""
    made = array("d", turn.randbytes(8 * (n // 2)))
    for at, value in enumerate(made):
        if value != value:  # text has one NaN
            made[at] = NAN
    kinds = [
        lambda: round(turn.random() * 10 ** turn.randrange(-4, 9), turn.randrange(10)),
        lambda: float(turn.randrange(2**52, 2**54)),
        lambda: tie(turn)[0] * turn.choice((1, -1)),
        lambda: math.ldexp(turn.getrandbits(turn.randrange(1, 53)) + 0.0, -1074),
        lambda: math.ldexp(1.0, turn.randrange(-1074, 1024)),
        lambda: float(f"{turn.getrandbits(turn.randrange(1, 57))}e{turn.randrange(-330, 292)}"),
    ]
    made.extend([turn.choice(kinds)() for _ in range(n - len(made))])
    return made


def blocks(first: list[float]):
    """Columns of as many floats as there are, WIDE in each block."""
    turn, left = random.Random(41), 10_000_000 if FULL else 150_000
    while left > 0:
        n = min(left, 500_000)
        values = array("d", first)
        values.extend(floats(turn, n - len(values)))
        first = []
        mixed = values.tolist()
        turn.shuffle(mixed)
        yield [array("d", mixed[at : at + n // WIDE]) for at in range(0, n, n // WIDE)]
        left -= n


def times(turn: random.Random, unit: int, n: int) -> array[int]:
    """n times that rise, whole numbers of a unit, from the first instant to the last one that text has."""
    low, high = -(-FIRST // unit), (LAST - 1) // unit
    made = {low, low + 1, high - 1, high, -1, 0, 1}
    while len(made) < n:
        kind = turn.randrange(3)
        if kind == 0:
            at = turn.randint(low, high)
        elif kind == 1:  # digits that are left out of ISO, about the end of a day
            day = turn.randint(FIRST // (24 * 60 * MINUTE), (LAST - 1) // (24 * 60 * MINUTE)) * 24 * 60 * MINUTE
            at = (day + turn.choice((-1, 0, 1)) * 10 ** turn.randrange(10)) // unit
        else:
            at = turn.randint(FIRST // 10**9, (LAST - 1) // 10**9) * 10**9 // unit
        if low <= at <= high:
            made.add(at)
    return array("q", [at * unit for at in sorted(made)])


# -- streams -------------------------------------------------------------------------------------------------
def stream(schema: Schema, columns: list[array]) -> bytes:
    def write(out) -> None:
        n = len(columns[0])
        series = out.series(schema)
        for at, column in zip(out.rows(series, n), columns, strict=True):
            ctypes.memmove(at, column.buffer_info()[0], column.itemsize * n)
        out.commit(series, n)

    return gathered(write)


def columns_of(data: bytes) -> dict[str, bytes]:
    found: dict[str, bytearray] = {}
    for kind, item in items(data):
        if kind == "rows":
            for name in item.schema.names:
                if name != "symbol":
                    found.setdefault(name, bytearray()).extend(item.view(name).cast("B"))
    return {name: bytes(column) for name, column in found.items()}


def bars(columns: list[array[float]]) -> tuple[Schema, list[array]]:
    n = len(columns[0])
    ends = array("q", range(T0, T0 + n * MINUTE, MINUTE))
    opens = array("q", range(T0 - MINUTE, T0 + (n - 1) * MINUTE, MINUTE))
    cols = [("ts", "i8"), ("open_time", "i8"), ("close", "f8"), *((f"x{i}", "f8") for i in range(len(columns)))]
    return Schema("bar", "X", "1m", cols), [ends, opens, array("d", [1.0]) * n, *columns]


def there_and_back(run, data: bytes, want: dict[str, bytes], form: str, more: str = "") -> bytes:
    """What hq-export writes, found to come back with the same bits, and from these with the same bytes."""
    written = run(f"hq-export {form}", data, timeout=600)
    assert written.code == 0, written.stderr
    back = run(f"hq-import {more}", written.stdout, timeout=600)
    assert back.code == 0, back.stderr
    found = columns_of(back.stdout)
    assert found.keys() == want.keys()
    for name, column in want.items():
        assert found[name] == column, (form, name, first_other(found[name], column))
    again = run(f"hq-export {form}", back.stdout, timeout=600)
    if form.partition(" ")[0] in TEXT:
        assert again.stdout == written.stdout, form
    else:  # how rows are divided in the file is no part of what it says
        assert columns_of(run("hq-import", again.stdout, timeout=600).stdout) == want
    return written.stdout


def first_other(found: bytes, want: bytes) -> str:
    for at in range(0, len(want), 8):
        if found[at : at + 8] != want[at : at + 8]:
            return f"row {at // 8 + 1}: {want[at : at + 8].hex()} came back as {found[at : at + 8].hex()}"
    return f"{len(found) // 8} rows for {len(want) // 8}"


# -- what holds ----------------------------------------------------------------------------------------------
def test_floats_come_back_with_their_bits_from_every_format(run):
    for columns in blocks(edges()):
        schema, all_columns = bars(columns)
        data = stream(schema, all_columns)
        want = {name: column.tobytes() for name, column in zip(schema.names, all_columns)}
        for form in FORMATS:
            text = there_and_back(run, data, want, form)
            if form == "csv":
                is_as_python_writes_it(text, columns)


def is_as_python_writes_it(text: bytes, columns: list[array[float]]) -> None:
    rows = text.decode().split("\n")[1:-1]
    said = [["" if value != value else repr(value) for value in column] for column in columns]
    for row, values in zip(rows, zip(*said), strict=True):
        assert row.endswith(",1.0," + ",".join(values))


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_floats_of_any_digits_are_those_that_python_reads(run, form):
    """Digits that no writer needs: seventeen and more, halfway between two floats, and one digit beyond that."""
    turn = random.Random(43)
    with localcontext() as context:
        context.prec = 1200
        texts = [odd(turn) for _ in range(1_000_000 if FULL else 30_000)]
    n = len(texts) // WIDE
    rows = [texts[at : at + WIDE] for at in range(0, n * WIDE, WIDE)]
    if form == "csv":
        head = "ts_s,open_time_s,close," + ",".join(f"x{i}" for i in range(WIDE))
        lines = [f"{60 * i + 60},{60 * i},1,{','.join(row)}" for i, row in enumerate(rows, 10**7)]
        given = "\n".join([head, *lines, ""])
    else:
        given = "".join(
            f'{{"kind":"bar","period":"1m","ts_s":{60 * i + 60},"open_time_s":{60 * i},"close":1,'
            + ",".join(f'"x{k}":{text}' for k, text in enumerate(row))
            + "}\n"
            for i, row in enumerate(rows, 10**7)
        )
    back = run("hq-import --symbol X --period 1m" if form == "csv" else "hq-import", given.encode(), timeout=600)
    assert back.code == 0, back.stderr
    found = columns_of(back.stdout)
    for k in range(WIDE):
        want = array("d", map(float, texts[k::WIDE])).tobytes()
        assert found[f"x{k}"] == want, texts[k::WIDE][int(first_other(found[f"x{k}"], want).split()[1][:-1]) - 1]


def odd(turn: random.Random) -> str:
    value = abs(floats(turn, 2)[1])
    how = turn.randrange(6)
    if how == 0:
        return f"{value:.16e}"
    if how == 1:
        return f"{value:.{turn.randrange(17, 40)}e}"
    if how == 2:
        found, halfway = tie(turn)
        return turn.choice((f"{found:.0f}", f"{halfway}", f"{halfway}.0000000001", f"-{halfway - 1}.99999999999"))
    if how == 3:  # exactly halfway to the next float, or the least bit beside it
        after = math.nextafter(value, math.inf)
        if after == math.inf:
            return repr(value)
        middle = (Fraction(value) + Fraction(after)) / 2
        exact = f"{Decimal(middle.numerator) / Decimal(middle.denominator):e}"
        digits, _, exponent = exact.partition("e")
        digits += "." * ("." not in digits) + turn.choice(("", "0", "1", "0000000001"))
        return f"{digits}e{exponent or 0}"
    if how == 4:
        return f"{Decimal(value):f}" if 1e-300 < value < 1e300 else repr(value)
    return f"{turn.getrandbits(turn.randrange(1, 90))}.{turn.getrandbits(50)}E{turn.randrange(-350, 280):+d}"


@pytest.mark.parametrize("unit", ["iso", "s", "ms", "us", "ns"])
def test_times_of_all_years_come_back_from_every_format(run, unit):
    """Years before 1900 and behind 2199 in text are meant, which hq-import must be told."""
    turn = random.Random(47)
    size = {"iso": 1, "s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}[unit]
    for _ in range(10 if FULL else 1):
        found = times(turn, size, 200_000 if FULL else 10_000)
        n = len(found)
        schema = Schema("trade", "X", "", [("ts", "i8"), ("price", "f8"), ("qty", "f8"), ("id", "i8")])
        ids = array("q", range(2**63 - n, 2**63))
        columns = [found, array("d", [1.5]) * n, array("d", [2.0]) * n, ids]
        data = stream(schema, columns)
        want = {name: column.tobytes() for name, column in zip(schema.names, columns)}
        for form in FORMATS if unit == "ns" else TEXT:
            said = there_and_back(run, data, want, f"{form} --time {unit}", "--any-year" * (form in TEXT))
            if form == "csv" and unit == "iso":
                rows = said.decode().split("\n")[1:-1]
                assert [row.split(",")[1] for row in rows] == list(map(iso_text, found))
                assert all(map(plain, rows[:: max(1, n // 5000)]))


def plain(row: str) -> bool:
    """Whether Python's own calendar has the same second for the digits of a time."""
    said = row.split(",")[1]
    whole, _, fraction = said.rstrip("Z").partition(".")
    back = int((datetime.fromisoformat(whole + "+00:00") - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()) * 10**9
    ns = back + int(fraction.ljust(9, "0")) if fraction else back
    return iso_text(ns) == said


def test_the_ties_are_ties():
    turn = random.Random(3)
    for value, halfway in (tie(turn) for _ in range(200)):
        assert Fraction(halfway) - Fraction(value) == Fraction(math.nextafter(value, math.inf)) - halfway
    assert len(set(chain(map(repr, edges())))) > 25_000
