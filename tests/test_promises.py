"""Promises 1 to 3 over every filter: any framing, any cut with a state file, any prefix; and kill -9."""

from __future__ import annotations

import math
import random

import promises
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hq_core.batch import Schema
from hq_core.errors import HqError
from hq_core.kinds import BAR, PLAIN

MINUTE = 60_000_000_000
START = 1_700_000_040_000_000_000 // MINUTE * MINUTE
TRADE = (("ts", "i8"), ("price", "f8"), ("qty", "f8"), ("side", "i1"))


def trades(seed, n):
    """Trades that come in bursts, tie in time and leave minutes empty."""
    rng = random.Random(seed)
    ts, price, rows = START + rng.randrange(MINUTE), 100.0, []
    for _ in range(n):
        ts += rng.choice((0, 0, rng.randrange(2_000_000_000), rng.randrange(5 * MINUTE // 2)))
        price = round(max(1.0, price * (1 + rng.gauss(0, 0.004))), 2)
        rows.append((ts, price, rng.randrange(1, 5000) / 1000, rng.choice((1, -1))))
    return Schema("trade", "BTCUSDT", "", TRADE), rows


def bars(seed, n, period="1m", step=MINUTE):
    rng = random.Random(seed)
    price, rows = 100.0, []
    for i in range(n):
        open_, price = price, round(max(1.0, price * (1 + rng.gauss(0, 0.02))), 2)
        high, low = max(open_, price) + rng.random(), min(open_, price) * (1 - 0.01 * rng.random())
        at = START + i * step
        rows.append((at + step, at, open_, high, low, price, rng.random() * 10, 1))
        if rng.random() < 0.1:  # a forming bar of the next minute
            rows.append((at + step + 1, at + step, price, price + 1, price - 1, price + rng.random(), 1.0, 0))
    cols = [col for col in BAR.cols if col[0] in (*PLAIN, "volume")]
    return Schema("bar", "BTCUSDT", period, cols), rows


def indicators():
    from hq_core.specs import parse
    from hq_core.stages.indicators import Indicators

    return Indicators([parse(text) for text in ("rsi:3", "ema:4", "macd:2,4,3", "bbands:5", "atr:3", "vri:3")])


def signal():
    from hq_core.stages.signal import Signal

    text = "calm = STDDEV(close, 4) < 1.2\nIF close > SMA(close, 5) AND calm THEN BUY(size=2, META(at=close))\n"
    return Signal([("s", text + "IF CROSSUNDER(close, EMA(close, 7)) THEN SELL", "s.hq")], keep=["calm"])


def ordered_bars(seed, n):
    """Bars as hq-signal writes them, with orders on some."""
    schema, rows = bars(seed, n)
    rng = random.Random(seed + 1)

    def orders():
        return tuple(rng.choice((math.nan, math.nan, math.nan, math.inf, rng.randrange(1, 50) / 10)) for _ in range(4))

    names = ("open_long", "close_long", "open_short", "close_short")
    return schema.with_columns([(name, "f8") for name in names]), [row + orders() for row in rows]


def backtest():
    from hq_core.futures.terms import Terms
    from hq_core.stages.backtest import BacktestStage

    return BacktestStage(Terms(position_mode="hedge", margin="cross", leverage=20))


def aggregate():
    from hq_core.stages.aggregate import Aggregate

    return Aggregate("1m:5m:1h", fill="flat", max_gap="1h")


def late_aggregate():
    from hq_core.stages.aggregate import Aggregate

    return Aggregate("1m:15m", lateness="2m")


def shuffled_trades(seed, n):
    """Trades of which some come late, a few of them too late."""
    schema, rows = trades(seed, n)
    rng = random.Random(seed)
    return schema, sorted(rows, key=lambda row: row[0] + rng.choice((0, 0, 0, 60, 150)) * 1_000_000_000)


FILTERS = {
    "indicators": (indicators, bars),
    "signal": (signal, bars),
    "backtest": (backtest, ordered_bars),
    "aggregate": (aggregate, trades),
    "aggregate bars": (aggregate, lambda seed, n: bars(seed, n, "30s", MINUTE // 2)),
    "aggregate late": (late_aggregate, shuffled_trades),
}
HERE = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
sizes = st.lists(st.integers(1, 40), min_size=1, max_size=4)


@pytest.mark.parametrize("name", FILTERS)
@HERE
@given(
    seed=st.integers(0, 999),
    n=st.integers(0, 120),
    first=sizes,
    second=sizes,
    chunks=st.lists(st.integers(1, 900), min_size=1),
)
def test_how_the_input_is_cut_changes_nothing(name, seed, n, first, second, chunks):
    make, data = FILTERS[name]
    schema, rows = data(seed, n)
    whole = promises.run(make(), promises.stream(promises.cut(schema, rows, first)))
    again = promises.run(make(), promises.stream(promises.cut(schema, rows, second)), chunks=chunks)
    assert promises.said(whole) == promises.said(again)


@pytest.mark.parametrize("name", FILTERS)
@HERE
@given(seed=st.integers(0, 999), n=st.integers(0, 120), share=st.floats(0, 1))
def test_two_runs_with_a_state_file_are_one_run(name, tmp_path_factory, seed, n, share):
    make, data = FILTERS[name]
    schema, rows = data(seed, n)
    k = int(n * share)
    state = tmp_path_factory.mktemp("state") / "s"
    parts = [promises.stream(promises.cut(schema, part, [17])) for part in (rows[:k], rows[k:])]
    one = promises.run(make(), promises.stream(promises.cut(schema, rows, [13])), state.with_name("other"))
    two = b"".join(promises.run(make(), part, state) for part in parts)
    assert promises.said(one) == promises.said(two)


@pytest.mark.parametrize("name", FILTERS)
@HERE
@given(seed=st.integers(0, 999), n=st.integers(1, 120), share=st.floats(0, 1))
def test_the_output_of_a_prefix_is_a_prefix_of_the_output(name, tmp_path_factory, seed, n, share):
    make, data = FILTERS[name]
    schema, rows = data(seed, n)
    paused = tmp_path_factory.mktemp("state") / "s"  # a pause: the end of all input says something by itself
    part = promises.run(make(), promises.stream(promises.cut(schema, rows[: int(n * share)], [7])), paused)
    whole = promises.run(make(), promises.stream(promises.cut(schema, rows, [11])))
    assert promises.is_prefix(promises.said(part), promises.said(whole))


@pytest.mark.parametrize("name", FILTERS)
@HERE
@given(seed=st.integers(0, 999), n=st.integers(1, 120), share=st.floats(0, 1), every=st.integers(1, 30))
def test_a_run_that_died_is_taken_up_from_its_state(name, tmp_path_factory, seed, n, share, every):
    """The input stops at any byte, as when a process is killed; output beyond the state is cut off, then more comes."""
    from hq_core import statefile

    make, data = FILTERS[name]
    data_bytes = promises.stream(promises.cut(*data(seed, n), [3, 5, 1]))
    state = tmp_path_factory.mktemp("state") / "s"
    lost = promises.run_until_it_breaks(make(), data_bytes[: int(len(data_bytes) * share)], state, every)
    content = statefile.read(str(state)) or {"input": {"bytes": 0}, "output": {"bytes": 0}}
    kept = lost[: content["output"]["bytes"]]
    rest = promises.run(make(), data_bytes[content["input"]["bytes"] :], state, every)
    whole = promises.run(make(), data_bytes, state.with_name("other"))
    assert promises.said(whole) == promises.said(kept + rest)


def test_other_kinds_pass_untouched():
    funding = Schema("funding", "BTCUSDT", "", (("ts", "i8"), ("rate", "f8")), {"venue": "x"})
    pieces = [(funding, [(START, 0.0001), (START + 1, -0.5)]), ({"kind": "weather", "ts": 1, "it": ["rains"]}, [])]
    for name, (make, _) in FILTERS.items():
        got = promises.said(promises.run(make(), promises.stream(pieces)))
        assert got[0].keys() == {"funding/BTCUSDT/"}, name
        assert {"kind": "weather", "ts": 1, "it": ["rains"]} in got[1], name


@pytest.mark.parametrize("name", FILTERS)
def test_what_came_whole_before_the_break_is_written(name, tmp_path):
    make, data = FILTERS[name]
    schema, rows = data(3, 100)
    short = promises.run(make(), promises.stream(promises.cut(schema, rows[:60], [10])), tmp_path / "paused")
    broken = promises.run_until_it_breaks(make(), promises.stream(promises.cut(schema, rows[:60], [10]), whole=False))
    with pytest.raises(HqError, match="its writer died"):
        promises.said(broken)
    for key, columns in promises.said(short)[0].items():
        assert promises.said_before_it_breaks(broken)[key] == columns
