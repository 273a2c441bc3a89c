"""Panels of one name and other columns share the texts of their symbols: each is of the panel its rows are in."""

from __future__ import annotations

import frames
import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st
from panel_runs import BAR, MINUTE, START, bars, merged, said, through
from test_merge_state import FEW, append, step

import hq_core
from hq_core.batch import Schema

NARROW = (BAR[0], ("symbol", "s4"), *BAR[1:-1])
WIDE = (*NARROW, BAR[-1])
MAKE = {
    "aggregate": lambda: hq_core.Aggregate("3m"),
    "indicators": lambda: hq_core.Indicators("sma:2"),
    "of another": lambda: hq_core.Indicators("sma:2(close@B)"),
    "signal": lambda: hq_core.Signal([("s", "IF close > close[1] THEN BUY(size=1)", "s.hq")]),
}
ROWS = 6


def frame(number, cols, row):
    """A data frame of one row, as man/hq-frames.5 has it."""
    body = b"".join(frames.pack(kind, [value]).ljust(8, b"\0") for (_, kind), value in zip(cols, row))
    said_ = [number.to_bytes(4, "big"), (1).to_bytes(4, "big")]
    head = b"\xdc\0\4\xce" + (len(body) + 16).to_bytes(4, "big") + b"".join(b"\xce" + one for one in said_)
    return head + b"\xc9" + len(body).to_bytes(4, "big") + b"\1" + body


def written(wide, early, together):
    """Two panels as a writer of somebody else's gives them, who announces each once.

    wide      by symbol, whether its rows are in the panel with volume
    early     by symbol, whether its text comes at the beginning, or before its first row
    together  both panels stand before all texts
    """
    symbols = sorted(wide)
    about = {"kind": "schema", "of": "bar", "symbol": "", "period": "1m"}
    first, second = ({**about, "id": at, "cols": [*map(list, cols)]} for at, cols in enumerate((NARROW, WIDE), 1))
    codes = {}

    def told(names):
        new = [name for name in names if name not in codes]
        codes.update({name: len(codes) + at for at, name in enumerate(new)})
        return [{"kind": "strings", "of": "bar//1m", "col": "symbol", "values": new}] if new else []

    texts = told([symbol for symbol in symbols if early[symbol]])
    maps = [{"kind": "head", "hq": 1, "made_by": []}, first, *([second, *texts] if together else [*texts, second])]
    data = b"".join(map(msgpack.packb, maps))
    for at in range(ROWS):
        for symbol in symbols:
            data += b"".join(map(msgpack.packb, told([symbol])))
            row = (START + MINUTE * (at + 1), codes[symbol], START + MINUTE * at, *[1.0 + at] * 4)
            data += frame(2, WIDE, (*row, 2.0)) if wide[symbol] else frame(1, NARROW, row)
    return data + msgpack.packb({"kind": "end", "rows": {"bar//1m": ROWS * len(symbols)}, "dropped": {}})


def alone(wide):
    """The same rows as a stream of series."""
    times = [START + MINUTE * at for at in range(ROWS + 1)]
    rows = [(ts, before, *[1.0 + at] * 4, 2.0) for at, (before, ts) in enumerate(zip(times, times[1:]))]
    cols = [BAR if wide[symbol] else BAR[:-1] for symbol in sorted(wide)]
    series = [Schema("bar", symbol, "1m", of) for symbol, of in zip(sorted(wide), cols)]
    parts = [(one, [row[: len(one.cols)] for row in rows[at : at + 1]]) for at in range(ROWS) for one in series]
    return frames.frames(*((one, []) for one in series), *parts)


flags = st.fixed_dictionaries({symbol: st.booleans() for symbol in "ABC"})


@pytest.mark.parametrize("name", MAKE)
@FEW
@given(wide=flags, early=flags, together=st.booleans())
def test_each_symbol_is_of_the_panel_that_its_rows_are_in(name, wide, early, together):
    assert said(through(MAKE[name], written(wide, early, together))) == said(through(MAKE[name], alone(wide)))


@FEW
@given(wide=flags, early=flags, together=st.booleans())
def test_no_series_is_announced_that_is_not_there(wide, early, together):
    series = merged(written(wide, early, together), series=True)
    found = [tuple(item.cols) for kind, item in frames.items(series) if kind == "schema" and item.symbol == "C"]
    assert found[-1] == (BAR if wide["C"] else BAR[:-1])
    if together or not early["C"]:
        assert len(found) == 1
    assert said(series) == said(alone(wide))


def test_what_is_read_is_announced_before_the_rows_of_coarser_bars():
    """B begins late, after a bar of 4m that it reads: the texts have told of it."""
    wide = frames.frames((Schema("bar", "B", "1m", (*BAR, ("more", "f8"))), [(START + 5 * MINUTE, START, *[1.0] * 6)]))
    panels = merged(bars("A", dict.fromkeys(range(8), 1.0)), wide, bars("B", {0: 3.0, 1: 4.0}, "4m", 4 * MINUTE))
    found = said(through(lambda: hq_core.Indicators("sma:1(close@B:4m)"), panels))[0]
    assert frames.unpack("f8", found["bar/B/1m"]["sma_1_close@B:4m"]) == [3.0]


@pytest.mark.parametrize("series", [False, True])
def test_a_symbol_without_rows_stays_announced(series):
    more = frames.frames((Schema("bar", "A", "1m", (*BAR, ("more", "f8"))), [(START, START - MINUTE, *[1.0] * 6)]))
    panels = merged(more, bars("B", {0: 1.0}), bars("C", {}))
    for data in (panels, written({"A": True, "B": False}, {"A": True, "B": True}, True)):
        told = msgpack.packb({"kind": "strings", "of": "bar//1m", "col": "symbol", "values": ["Z"]})
        cut = data.index(msgpack.packb("strings")) - 6  # before the first texts
        with_z = data if data is panels else data[:cut] + told + data[cut:]
        assert ("bar/C/1m" if data is panels else "bar/Z/1m") in keys(merged(with_z, series=series))


def keys(data):
    """The series that are announced, those of panels by their texts."""
    found = set()
    for kind, item in frames.items(data):
        if kind == "schema" and not item.panel:
            found.add(item.key)
        elif kind == "map" and item["kind"] == "strings":
            found |= {f"bar/{symbol}/1m" for symbol in item["values"]}
    return found


@pytest.mark.parametrize("series", [False, True])
@FEW
@given(
    wide=flags,
    market=st.lists(st.tuples(st.integers(0, 20), st.sampled_from("ABC")), max_size=25, unique=True),
    points=st.lists(st.integers(0, 21), max_size=4),
)
def test_a_state_of_an_input_with_two_panels_goes_on(series, wide, market, points, tmp_path_factory):
    folder = tmp_path_factory.mktemp("merge")
    files = [folder / "both", folder / "other"]
    edges = [0, *sorted(points), 99]
    for low, high in zip(edges, edges[1:]):
        parts = []
        for symbol in "ABC":
            cols = BAR if wide[symbol] else BAR[:-1]
            times = sorted(START + MINUTE * at for at, of in market if of == symbol and low <= at < high)
            rows = [(ts, ts - MINUTE, *[1.0] * 5)[: len(cols)] for ts in times]
            parts.append(frames.frames((Schema("bar", symbol, "1m", cols), rows)))
        append(files[0], merged(*parts))
        append(files[1], bars("Z", dict.fromkeys(range(low, min(high, 20), 3), 1.0)))
        step(files, folder / "s", folder / "out", series=series)
    found = step(files, folder / "s", folder / "out", series=series, final=True)
    assert said(found) == said(merged(*(file.read_bytes() for file in files), series=series))


CROSS = (
    "IF CROSSOVER(SMA(close, 5), SMA({of}, 20)) THEN OPEN_LONG(equity=0.5)\nIF close < SMA(close, 20) THEN CLOSE_LONG()"
)
ACCOUNT = {
    "a filter": "hq-signal c.hq | hq-backtest",
    "inside": "hq-backtest c.hq",
    "behind another": "hq-indicators sma:9 | hq-signal c.hq | hq-backtest",
}


@pytest.mark.parametrize("of", ["close", "close@B"])
@pytest.mark.parametrize("line", ACCOUNT.values(), ids=ACCOUNT)
def test_an_account_trades_symbols_of_other_columns_as_those_of_the_same(line, of, run, tmp_path):
    (tmp_path / "c.hq").write_text(CROSS.format(of=of))
    closes = [{at: 100 + (at * (7 + one) % 23) for at in range(90)} for one in range(3)]
    same = [bars(symbol, some) for symbol, some in zip("ABC", closes)]
    other = through(lambda: hq_core.Indicators("ema:3"), same[1])
    fills = [
        run(f"{line} | hq-export csv --kind fill", stdin=merged(same[0], second, same[2]))
        for second in (same[1], other)
    ]
    assert fills[0].stdout == fills[1].stdout
    assert fills[0].stdout.count(b"\n") > 20


def test_what_is_ordered_on_two_panels_is_refused_where_one_comes_behind_the_other(run, tmp_path):
    (tmp_path / "u.hq").write_text("IF close > 1 THEN BUY(size=1)")
    wide = merged(*(bars(symbol, dict.fromkeys(range(9), 9.0)) for symbol in "AC"))
    narrow = through(lambda: hq_core.Indicators("ema:3"), merged(bars("B", dict.fromkeys(range(9), 9.0))))
    ran = run("hq-signal u.hq", stdin=wide + narrow)
    assert ran.code == 65
    assert "that have other columns; hq-merge lays them in order" in ran.stderr
