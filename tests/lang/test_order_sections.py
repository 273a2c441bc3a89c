"""The texts of orders in sections: each is given once in every section, before the orders that use it."""

from __future__ import annotations

import io

import msgpack
import pytest
from frames import items
from panel_runs import bars, merged, through

from hq_core.stages.signal import Signal

TEXT = 'IF close > 1 THEN BUY(META(why="up"))\nIF close > 3 THEN SELL'
DAYS = [{symbol: {at + 9 * day: 2.0 + at % 3 for at in range(6)} for symbol in ("A", "B")} for day in range(3)]


def days(panel):
    """Three sections, as series one behind the other or as panels."""
    return b"".join(merged(*(bars(*one) for one in day.items()), series=not panel) for day in DAYS)


def make():
    return Signal([("s", TEXT, "s.hq")])


@pytest.mark.parametrize("panel", [False, True])
def test_each_text_is_given_once_a_section(panel):
    out = through(make, days(panel))
    told: list[tuple] = []
    for frame in msgpack.Unpacker(io.BytesIO(out), max_buffer_size=1 << 26):
        if isinstance(frame, dict) and frame["kind"] in ("head", "section"):
            assert len(told) == len(set(told))
            told = []
        elif isinstance(frame, dict) and frame["kind"] == "strings" and frame["of"].startswith("order/"):
            told += [(frame["of"], frame["col"], text) for text in frame["values"]]
    assert len(told) == len(set(told)) > 0
    found = [
        (symbol, ts, strategy, why)
        for kind, item in items(out)
        if kind == "rows" and item.schema.of == "order"
        for symbol, ts, strategy, why in zip(
            item.words("symbol") if panel else [item.schema.symbol] * item.n,
            item.view("ts"),
            item.words("strategy"),
            item.words("meta.why"),
        )
    ]
    assert {(strategy, why) for _, _, strategy, why in found} == {("s", "up"), ("s", "")}
    closes = [close for day in DAYS for held in day.values() for close in held.values()]
    assert len(found) == 2 * len(closes) + 2 * sum(close > 3 for close in closes)
