"""Hits while rows come one by one, in a pipe and in a program: those of the run over all of them at once."""

from __future__ import annotations

import pytest
from frames import frames, read
from promises import run as run_stage

from hq_core import HQuant
from hq_core.batch import Schema
from hq_core.series.growing import Growing
from hq_core.stages.signal import Signal
from hq_core.stages.vector import opened_store
from hq_core.stages.vector_build import VectorBuild

NAMES = ("ts", "open_time", "open", "high", "low", "close")
BARS = [(name, "i8" if name in ("ts", "open_time") else "f8") for name in NAMES]
BUILD = "hq-vector build --horizon 8 --threshold 0.001"


@pytest.fixture(name="periods", params=["generated", "real"])
def of_two_periods(request, run, tmp_path):
    """Base period; its rows, and those of the stores that lie in tmp_path."""
    if request.param == "generated":
        base, more = (
            "15m",
            "hq-gen bars --rows 3000 --seed 2 --period 15m > base.hqf; hq-aggregate 4h < base.hqf > 4h.hqf",
        )
    else:
        klines = request.getfixturevalue("shared") / "data" / "klines"
        base = "1h"
        more = f"hq-import < {klines}/btcusdt_spot_1h.csv > base.hqf; hq-import < {klines}/btcusdt_spot_4h.csv > 4h.hqf"
    ran = run(f"set -e; {more}; {BUILD} < base.hqf > 15m_BTC.hqf; {BUILD} < 4h.hqf > 4h_BTC.hqf")
    assert ran.code == 0
    rows = next(iter(read((tmp_path / "base.hqf").read_bytes()).rows.values()))
    return base, [dict(zip(rows, row)) for row in zip(*rows.values())]


def strategy(root):
    path = root / "examples" / "vectors_periods.hq"
    return path.stem, path.read_text(), path.name


def told_of(orders):
    """(ts, side, action, ts of the hits) of each order."""
    names = ("ts", "side", "action", "meta.ts", "meta.ts_4h")
    return list(zip(*(orders[name] for name in names)))


def test_two_periods_one_row_after_the_other_in_a_pipe_and_in_a_program(periods, run, tmp_path, pytestconfig):
    base, rows = periods
    run(f"hq-aggregate {base}:4h < base.hqf > both.hqf")
    stores = {name: opened_store(name, str(tmp_path / f"{name}.hqf"), timeless=False) for name in ("4h_BTC", "15m_BTC")}
    said = read((tmp_path / "both.hqf").read_bytes()).rows
    pieces = []
    for key, columns in said.items():
        of, symbol, period = key.split("/")
        schema = Schema(of, symbol, period, BARS)
        every = zip(*(columns[name] for name, _ in BARS))
        pieces += [(row[0], period == base, schema, row) for row in every]
    pieces.sort(key=lambda piece: piece[:2])  # of one ts the coarser bar first
    text = strategy(pytestconfig.rootpath)
    announced = [(schema, []) for schema in {piece[2].key: piece[2] for piece in pieces}.values()]
    paced = frames(*announced, *((schema, [row]) for _, _, schema, row in pieces))
    out = read(run_stage(Signal([text], stores=stores), paced, chunks=(1000,)))
    (orders,) = (columns for key, columns in out.rows.items() if key.startswith("order/"))
    assert len(orders["ts"]) > 50
    (tmp_path / "s.hq").write_text(text[1])
    given = " ".join(f"--store {name}={name}.hqf" for name in stores)
    batch = read(run(f"hq-signal {given} s.hq < both.hqf").stdout).rows
    (wanted,) = (columns for key, columns in batch.items() if key.startswith("order/"))
    assert told_of(orders) == told_of(wanted)
    hq = HQuant(bar=base, period=["4h"], time_unit="ns")
    for name in stores:
        hq.load_store(name, str(tmp_path / f"{name}.hqf"))
    hq.add_strategy(text[1])
    live = []
    for row in rows:
        hq.push_kline({name: row[name] for name, _ in BARS})
        live += [(one["ts"], one["action"], one["meta"]["ts"]) for one in hq.poll_signals()]
    opened = {(ts, "BUY" if side == 1 else "SELL", hit) for ts, side, action, hit, _ in told_of(wanted) if action == 0}
    assert len(live) > 50
    assert {(ts, action, hit) for ts, action, hit in live} == opened


@pytest.mark.parametrize("how", [{"threshold": 0.001}, {"take": 0.004, "stop": 0.003}])
def test_vectors_that_are_made_while_bars_come_hold_no_bar_up_and_show_no_future(run, tmp_path, how):
    """The vectors of `hq-vector build` and the bars in one stream, bar by bar: each bar leaves with its own mark, and
    sees what a file of all vectors shows it.
    """
    run("hq-gen bars --rows 400 --seed 7 --period 15m > b.hqf")
    data = (tmp_path / "b.hqf").read_bytes()
    (key, columns), *_ = read(data).rows.items()
    bars = Schema(*key.split("/"), BARS)
    rows = list(zip(*(columns[name] for name, _ in BARS)))
    options = {"length": 5, "horizon": 9, **how}
    made = run_stage(VectorBuild(**options), frames((bars, rows)))
    (tmp_path / "v.hqf").write_bytes(made)
    (vectors,) = read(made).rows.values()
    names = list(vectors)
    types = {"label": "i4", "outcome": "f8", "vector": "f4x5"}
    schema = Schema("vector", *key.split("/")[1:], [(name, types.get(name, "i8")) for name in names])
    every = list(zip(*vectors.values()))
    pieces = [(schema, []), (bars, [])]
    upto = names.index("avail_ts")
    for row in rows:
        known = [one for one in every if one[upto] == row[0]]
        pieces += [(schema, known)] * bool(known) + [(bars, [row]), {"kind": "mark", "ts": row[0] + 1}]
    text = 'hit = SIMILARITY(VEC_STORE("x"), NORMALIZE(close, 5), k=3, min=0.5)\nscore = hit.score\nlabel = hit.label\n'
    text += "id = hit.id\nIF hit THEN BUY(META(ts=hit.ts))"

    def signal(store):
        return Signal([("s", text, "s.hq")], keep=["score", "label", "id"], stores={"x": store})

    wanted = read(run_stage(signal(opened_store("x", str(tmp_path / "v.hqf"), timeless=False)), frames((bars, rows))))
    of_orders = next(name for name in wanted.rows if name.startswith("order/"))
    for n in (30, 77, len(pieces)):
        growing = Growing("x", *key.split("/")[1:])
        live = read(run_stage(signal(growing), frames(*pieces[:n])))
        there = sum(piece[0] is bars for piece in pieces[2:n] if not isinstance(piece, dict))
        found = live.rows[key]
        assert len(found["ts"]) >= there - (not isinstance(pieces[n - 1], dict))
        for name in ("score", "label", "id"):
            assert str(found[name]) == str(wanted.rows[key][name][: len(found["ts"])])
        mine, theirs = (one.rows.get(of_orders, {"meta.ts": []})["meta.ts"] for one in (live, wanted))
        assert mine == theirs[: len(mine)]
    assert len(found["ts"]) == len(rows)
    assert len(mine) == len(theirs) > 100
