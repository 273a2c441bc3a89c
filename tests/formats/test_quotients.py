"""Numbers of 16 to 18 digits: the kernels that read text give the float that float() gives, nearly always themselves.

Some hundred thousand, most of them about halfway between two floats; HQ_TRIALS=full reads three million.
"""

from __future__ import annotations

import math
import os
import random
from array import array

import pytest
from test_csv import Slow, gather

from hq_core.formats import SourceOptions
from hq_core.formats.csv import CsvSource
from hq_core.formats.csv_odd import Odd
from hq_core.formats.json_form import Form
from hq_core.formats.json_kernel import ENTRY
from hq_core.formats.jsonl import JsonSource

TRIALS = 3_000_000 if os.environ.get("HQ_TRIALS") == "full" else 200_000
BLOCK = 50_000
LOW, HIGH = 2**53 + 1, 10**18 - 1


def anything(turn: random.Random, least: int = 2) -> tuple[int, int]:
    """(m, d) of a number m / 10**d."""
    return turn.randint(LOW, HIGH), turn.randrange(least, 18)


def near_half(turn: random.Random) -> tuple[int, int]:
    """The decimal nearest to halfway between two floats, or the one before or after it."""
    m, d = anything(turn)
    fraction, exponent = math.frexp(m / 10**d)
    halves, shift = (2 * int(fraction * 2**53) + 1) * 10**d, 54 - exponent
    m = (halves + (1 << shift >> 1)) >> shift if shift > 0 else halves << -shift
    return min(max(m + turn.randrange(-1, 2), LOW), HIGH), d


def tie(turn: random.Random) -> tuple[int, int]:
    """Exactly halfway: a half or a quarter of an odd number of 54 bits."""
    d = turn.randrange(1, 3)
    return 5**d * turn.randrange(2**53 + 1, 2**54, 2), d


def left_to_float(turn: random.Random) -> tuple[int, int]:
    """About a power of two, or large."""
    d = turn.randrange(18)
    m = 10**d * 2**60 >> turn.randrange(60 + d)
    while m > HIGH:
        m >>= 1
    return (m + turn.randrange(-20, 20), d) if m > LOW + 20 else anything(turn, 0)


def texts(turn: random.Random, n: int) -> list[str]:
    makers = [anything, near_half, near_half, tie] * 5 + [left_to_float]
    made = []
    for _ in range(n):
        m, d = turn.choice(makers)(turn)
        said = str(m).zfill(d + 1)
        made.append(turn.choice(("", "-")) + (f"{said[:-d]}.{said[-d:]}" if d else said))
    return made


def read_csv(numbers: list[str]) -> list[float]:
    data = "ts_ms,price,qty\n" + "".join(f"{1600000000000 + i},1,{x}\n" for i, x in enumerate(numbers))
    return gather(CsvSource(Slow(data.encode(), []), SourceOptions(invalid="keep")))[0]["trade//"]["qty"]


def read_json(numbers: list[str], quote: str = "") -> list[float]:
    row = '{{"ts_ms":{},"price":1,"qty":{}{}{}}}\n'
    data = "".join(row.format(1600000000000 + i, quote, x, quote) for i, x in enumerate(numbers))
    return gather(JsonSource(Slow(data.encode(), []), SourceOptions(invalid="keep")))[0]["trade//"]["qty"]


def quoted(numbers: list[str]) -> list[float]:
    return read_json(numbers, '"')


@pytest.mark.parametrize("read", [read_csv, read_json, quoted])
def test_numbers_of_many_digits_are_those_of_float(read, monkeypatch):
    left = [0]

    def counted(owner, name: str, entry: int) -> None:
        was = getattr(owner, name)

        def count(self, n: int, *given):
            left[0] += n // entry
            return was(self, n, *given)

        monkeypatch.setattr(owner, name, count)

    counted(Odd, "numbers", 3)
    counted(Form, "_numbers", ENTRY)
    turn = random.Random(63)
    for _ in range(0, TRIALS, BLOCK):
        numbers = texts(turn, BLOCK)
        assert array("d", read(numbers)).tobytes() == array("d", map(float, numbers)).tobytes()
    assert 0 < left[0] < TRIALS // 20, "few are left to float()"
