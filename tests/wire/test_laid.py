"""Rows that lie as one block are copied as one, and the bytes are those of a copy column by column."""

from __future__ import annotations

import ctypes
import random

import promises
import pytest
from frames import flat_bars, read

from hq_core.batch import Schema
from hq_core.memory import Laid, Memory, move
from hq_core.roles import Stage
from hq_core.stages.indicators import Indicators
from hq_core.wire import Writer

WIDE = {"i8": 8, "f8": 8, "i4": 4, "i1": 1, "b1": 1, "f4x3": 12}


def schema_of(draw: random.Random) -> Schema:
    kinds = draw.choices(list(WIDE), k=draw.randint(1, 9))
    return Schema("thing", "S", "", [(f"c{i}", kind) for i, kind in enumerate(kinds)])


@pytest.mark.parametrize("seed", range(60))
def test_a_block_has_the_bytes_of_its_columns(seed: int) -> None:
    draw = random.Random(seed)
    schema = schema_of(draw)
    n, more = draw.randint(1, 20), draw.choice((0, 0, 3))
    size = schema.blob(n)
    wider = schema.with_columns([("x", "f8"), ("y", "b1")])
    given, whole, apart = Memory(size), Memory(wider.blob(n + more)), Memory(wider.blob(n + more))
    given.view[:] = draw.randbytes(size)
    here = schema.places(given.address, n)
    assert type(here) is Laid
    assert here.n == n
    widths = schema.widths[: draw.randint(1, len(schema.widths))]
    move(wider.places(whole.address, n + more), here, widths, n)
    move(list(wider.places(apart.address, n + more)), list(here), widths, n)
    for memory in (whole, apart):
        for to, at, wide in zip(wider.places(memory.address, n + more), here, widths):
            assert ctypes.string_at(to, n * wide) == ctypes.string_at(at, n * wide)
        behind = wider.places(0, n + more)[len(widths)]
        assert not any(memory.view[behind:])


@pytest.mark.parametrize("seed", range(40))
def test_rows_held_back_in_any_pieces_are_the_rows(seed: int, tmp_path) -> None:
    """Room for more rows than are given, some of them in one piece and some not, flushed now and then."""
    draw = random.Random(seed)
    schemas = [Schema("thing", name, "", [("a", "i8"), ("b", "i1"), ("c", "f8"), ("d", "i4")]) for name in "XY"]
    expected: dict[str, dict[str, list[float]]] = {}
    with open(tmp_path / "out", "wb") as file:
        writer = Writer(file.fileno())
        writer.head([], {})
        count = 0
        for _ in range(draw.randint(1, 80)):
            schema = draw.choice(schemas)
            series = writer.series(schema)
            n = draw.choice((1, 1, 1, 2, 3, 7, 40, 600))
            some = n if draw.random() < 0.8 else draw.randint(0, n)
            to = writer.rows(series, n)
            rows = expected.setdefault(schema.key, {name: [] for name in schema.names})
            for name, at, code in zip(
                schema.names, to, (ctypes.c_int64, ctypes.c_int8, ctypes.c_double, ctypes.c_int32)
            ):
                values = [(count + i) % 100 for i in range(some)]
                (code * n).from_address(at)[:some] = values
                rows[name] += values
            count += some
            writer.commit(series, some)
            if draw.random() < 0.4:
                writer.flush()
        writer.end({})
        writer.flush()
    found = read((tmp_path / "out").read_bytes()).rows
    assert {key: rows for key, rows in found.items() if rows["a"]} == {
        key: rows for key, rows in expected.items() if rows["a"]
    }


@pytest.mark.parametrize("make", [Stage, lambda: Indicators("sma:2")])
def test_what_pads_a_column_that_is_read_is_not_written(make) -> None:
    schema, rows = flat_bars([1.0, 2.0, 3.0, 4.0])
    assert schema.names[-1] == "complete"
    pieces = promises.cut(schema, rows, [1])
    dirty = bytearray(promises.stream(pieces))
    for k in range(1, 1 + len(pieces)):
        end = len(promises.stream(pieces[:k], whole=False))
        dirty[end - 7 : end] = b"\xaa" * 7
    assert promises.run(make(), bytes(dirty)) == promises.run(make(), promises.stream(pieces))
