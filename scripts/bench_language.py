"""The language beside polars and vectorbt: a strategy over many bars, a bar at a time, and with many parameter sets.

The three write the same strategy in their own words, and what it comes to is compared before anything is measured.
Each is a process of its own, so that its Python may be that of another environment; they take turns.
"""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench_runs import FIGURES, has, in_turns, left_out, median, medians, seconds, serve, timed

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

STRATEGY = """\
fast = EMA(close, 20)
middle = SMA(close, 50)
slow = SMA(close, 200)
strength = RSI(close, 14)
hist = MACD(close, 12, 26, 9).hist
bands = BBANDS(close, 20)
range = ATR(14)
calm = STDDEV(close, 50)
top = HIGHEST(high, 20)
bottom = LOWEST(low, 20)

place = (close - bottom) / (top - bottom)
lean = (fast - middle) / range
fair = (fast + slow) / 2 + lean * hist - calm * place
width = bands.upper - bands.lower
floor = fair - width
ceiling = fair + width
up = close < floor AND strength < 40
down = close > ceiling OR strength > 75

IF up THEN BUY
IF down THEN SELL
"""
LINES = "ema:20 sma:50 sma:200 rsi:14 macd.hist:12,26,9 bbands:20 atr:14 stddev:50 max:20(high) min:20(low)"
PRICES, CONDITIONS = ("floor", "ceiling"), ("up", "down")
GIVES = (*PRICES, *CONDITIONS)
READS = ("close", "high", "low")
SETTLED = 5000  # rows after which averages that began with other values are the same to the last digits
SAME = 1e-9  # of the price
TIMES = 5  # so many times --bars
SEED = 4  # whose prices stay far above 0 for so long: running sums of a peer are as exact as the largest price was
CHECKED = 100_000  # rows that must be the same; beyond them the rolling deviations of vectorbt drift, which is told
SETS = "-p fast=5..50:5 -p slow=10..200:10"  # 200
SINGLE = 20


def hq(folder: Path, bars: dict[str, Any]) -> Callable[[], tuple[Any, ...]]:
    """The strategy's compiled graph, in one call."""
    import numpy as np

    from hq_core.batch import WIDTHS
    from hq_core.lang.strategy import Strategy
    from hq_core.series.plan import Plan

    checked = Strategy("ten", (folder / "ten.hq").read_text(), "ten.hq").check_alone(strict=True)
    plan = Plan({name: checked.scope.names[name] for name in GIVES})
    graph, columns = plan.base, list(plan.columns.values())
    graph.compile(columns)
    clean = graph.save()
    n = len(bars["close"])
    outs = tuple(np.zeros(n, {8: "f8", 1: "i1"}[WIDTHS[one.kind]]) for one in columns)
    given, to = {key: bars[key].ctypes.data for key in graph.sources}, [one.ctypes.data for one in outs]

    def run() -> tuple[Any, ...]:
        graph.load(clean)
        graph.run(given, n, to)
        return outs

    return run


def by_polars(folder: Path, bars: dict[str, Any]) -> Callable[[], tuple[Any, ...]]:
    import polars as pl

    close, high, low = map(pl.col, READS)
    frame = pl.DataFrame(bars)

    def ema(x: Any, span: int) -> Any:
        return x.ewm_mean(span=span, adjust=False)

    def wilder(x: Any) -> Any:
        return x.ewm_mean(alpha=1 / 14, adjust=False)

    def named(**columns: Any) -> list[Any]:
        return [one.alias(name) for name, one in columns.items()]

    moved, before, mean = close.diff(), close.shift(1), close.rolling_mean(20)
    spread = close.rolling_std(20, ddof=0)
    rise, fall = wilder(moved.clip(lower_bound=0)), wilder((-moved).clip(lower_bound=0))
    indicators = named(
        close=close,
        fast=ema(close, 20),
        middle=close.rolling_mean(50),
        slow=close.rolling_mean(200),
        strength=100 * rise / (rise + fall),
        line=ema(close, 12) - ema(close, 26),
        upper=mean + 2 * spread,
        lower=mean - 2 * spread,
        range=wilder(pl.max_horizontal(high, before) - pl.min_horizontal(low, before)),
        calm=close.rolling_std(50, ddof=0),
        top=high.rolling_max(20),
        bottom=low.rolling_min(20),
    )
    of = pl.col
    place = (close - of("bottom")) / (of("top") - of("bottom"))
    lean = (of("fast") - of("middle")) / of("range")
    fair = (of("fast") + of("slow")) / 2 + lean * (of("line") - ema(of("line"), 9)) - of("calm") * place
    # step by step: as one expression what is used twice is computed twice
    asked = (
        frame.lazy()
        .select(indicators)
        .with_columns(named(fair=fair, width=of("upper") - of("lower")))
        .with_columns(named(floor=of("fair") - of("width"), ceiling=of("fair") + of("width")))
        .select(
            "floor",
            "ceiling",
            ((close < of("floor")) & (of("strength") < 40)).fill_null(False).alias("up"),
            ((close > of("ceiling")) | (of("strength") > 75)).fill_null(False).alias("down"),
        )
    )

    def run() -> tuple[Any, ...]:
        made = asked.collect()
        return tuple(made[name].to_numpy() for name in GIVES)

    return run


def by_vectorbt(folder: Path, bars: dict[str, Any]) -> Callable[[], tuple[Any, ...]]:
    """Its indicators, and pandas for the operators; Wilder's averages of 14 are its exponential ones of 27."""
    import pandas as pd
    import vectorbt as vbt

    close, high, low = (pd.Series(bars[name]) for name in READS)

    def run() -> tuple[Any, ...]:
        fast = vbt.MA.run(close, 20, ewm=True).ma
        middle, slow = vbt.MA.run(close, 50).ma, vbt.MA.run(close, 200).ma
        strength = vbt.RSI.run(close, 27, ewm=True).rsi
        hist = vbt.MACD.run(close, 12, 26, 9, macd_ewm=True, signal_ewm=True).hist
        bands = vbt.BBANDS.run(close, 20, alpha=2)
        span = vbt.ATR.run(high, low, close, 27, ewm=True).atr
        calm = vbt.MSTD.run(close, 50).mstd
        top, bottom = high.vbt.rolling_max(20), low.vbt.rolling_min(20)
        place = (close - bottom) / (top - bottom)
        lean = (fast - middle) / span
        fair = (fast + slow) / 2 + lean * hist - calm * place
        width = bands.upper - bands.lower
        floor, ceiling = fair - width, fair + width
        up, down = (close < floor) & (strength < 40), (close > ceiling) | (strength > 75)
        return tuple(one.to_numpy() for one in (floor, ceiling, up, down))

    return run


MAKERS = {"hq": hq, "polars": by_polars, "vectorbt": by_vectorbt}


def work(who: str, folder: Path) -> None:
    """Leave what the strategy comes to in a file, then measure it for each line of stdin."""
    import numpy as np

    with np.load(folder / "many.npz") as file:
        bars = {name: file[name] for name in READS}
    run = MAKERS[who](folder, bars)
    np.savez(folder / f"{who}.npz", **dict(zip(GIVES, run())))
    serve(lambda: seconds(run))


def furthest(folder: Path, who: str) -> tuple[float, float]:
    """How far what a peer computed is from hq's at most, as a share of the price: in the rows that are checked, and in
    all.

    SystemExit where the former is beyond SAME, or a condition differs and the price is not so near to its bound.
    """
    import numpy as np

    with np.load(folder / "many.npz") as bars, np.load(folder / "hq.npz") as hq, np.load(folder / f"{who}.npz") as peer:
        close = bars["close"][SETTLED:]
        ours, theirs = ({name: file[name][SETTLED:] for name in GIVES} for file in (hq, peer))
    checked = slice(CHECKED - SETTLED)
    off = np.maximum.reduce([np.abs(ours[name] - theirs[name]) / close for name in PRICES])
    within, drifted = (float(np.max(some, initial=0.0)) for some in (off[checked], off))
    if not within <= SAME:
        raise SystemExit(f"{who}: values are {within:.3g} of the price off hq's")
    for condition, price in zip(CONDITIONS, PRICES):
        near = np.abs(close - ours[price]) <= SAME * close
        differ = int(((ours[condition] != theirs[condition]) & ~near)[checked].sum())
        if differ:
            raise SystemExit(f"{who}: '{condition}' is another in {differ} rows")
    return within, drifted


def language(folder: Path, given: argparse.Namespace) -> list[str]:
    """Ten indicators and twenty operators over many bars."""
    n = TIMES * given.bars
    (folder / "ten.hq").write_text(STRATEGY)
    made = f"hq-gen bars --rows {n} --seed {SEED} > many.hqf"
    timed(f"{made}; hq-export npz --columns {','.join(READS)} < many.hqf > many.npz", folder)
    there = [one for one in ("polars", "vectorbt") if has(given.peers, one)]
    pythons = {"hq": sys.executable, **dict.fromkeys(there, given.peers)}
    workers = {who: [python, __file__, who, str(folder)] for who, python in pythons.items()}
    told = {who: median(rounds) for who, rounds in in_turns(workers, given.repeat).items()}
    off = {who: furthest(folder, who) for who in there}
    whole = medians(["hq-signal --signals ten.hq < many.hqf > /dev/null"], folder, given.repeat)[0]
    FIGURES["ten indicators and twenty operators, in process"] = told["hq"]
    FIGURES["ten indicators and twenty operators, hq-signal"] = whole
    rows = {
        "hq, its graph in process": told["hq"],
        **{f"{who}, in process": told[who] for who in there},
        "hq-signal --signals, the whole process": whole,
    }
    same = [f"{who} {near:.0e} in the first {CHECKED:,} rows, {far:.0e} in all" for who, (near, far) in off.items()]
    return [
        "## Ten indicators and twenty operators",
        "",
        f"{n:,} bars; polars as it comes, on all processors, hq on one.",
        "",
        *([f"Apart from hq's values, as a share of the price: {'; '.join(same)}.", ""] if same else []),
        *left_out([one for one in ("polars", "vectorbt") if one not in there]),
        "| | ns a bar | of hq's in process |",
        "|---|---|---|",
        *(f"| {name} | {1e9 * took / n:.1f} | {took / told['hq']:.2f} |" for name, took in rows.items()),
    ]


def language_live(folder: Path, given: argparse.Namespace) -> list[str]:
    """The same strategy a bar at a time, through a pipe and in process."""
    from bench_live import Hop, hops, of_figures

    (folder / "ten.hq").write_text(STRATEGY)
    hop = Hop("hq-signal", ("hq-signal", str(folder / "ten.hq")))
    rows = given.live_rows
    figures = hops([str(Path(sys.executable).parent)], rows, min(500, rows // 8), (hop,))
    strategy, lines = (statistics.median(measured(rows) for _ in range(given.repeat)) for measured in (pushed, lived))
    FIGURES["ten indicators and twenty operators, a row live"] = figures[0].p50 / 1e6
    FIGURES["ten indicators and twenty operators, a bar a call"] = strategy / 1e9
    return [
        "## Ten indicators and twenty operators live",
        "",
        "The same strategy, a row into the stdin of hq-signal and its rows out of the stdout.",
        "",
        *of_figures(figures),
        "",
        f"In process a bar takes {strategy:,.0f} ns by `HQuant.push_kline` and `poll_signals`, and {lines:.0f} ns by"
        " `Live` with the ten indicators alone.",
    ]


def a_walk(rows: int) -> list[dict[str, Any]]:
    from bench_indicators import generated

    from hq_core.kinds import BAR

    columns = generated(rows)
    columns["ts"] = map(int, columns["ts"])
    names = [name for name in BAR.names if name in columns]
    return [dict(zip(names, row)) for row in zip(*(columns[name] for name in names))]


def pushed(rows: int) -> float:
    """ns a bar of a program that pushes bars and polls the orders."""
    from hq_core import HQuant

    bars = a_walk(rows + 500)
    one = HQuant(bar="1m")
    one.add_strategy("ten", STRATEGY)
    for bar in bars[:500]:
        one.push_kline(bar)
    push, poll = one.push_kline, one.poll_signals
    since = time.process_time_ns()
    for bar in bars[500:]:
        push(bar)
        poll()
    return (time.process_time_ns() - since) / rows


def lived(rows: int) -> float:
    """ns a bar of the ten indicators alone."""
    from hq_core import Live

    live = Live(*LINES.split())
    bars = [tuple(bar[name] for name in live.inputs) for bar in a_walk(rows)]
    push = live.push
    since = time.process_time_ns()
    for bar in bars:
        push(*bar)
    return (time.process_time_ns() - since) / rows


def parameter_sets(folder: Path, given: argparse.Namespace) -> list[str]:
    """200 parameter sets in one process beside as many processes."""
    n = given.bars
    timed(f"hq-gen bars --rows {n} --seed 1 > b.hqf", folder)
    single = "hq-signal --signals -p fast=$fast -p slow=$slow examples/smacross.hq < b.hqf > /dev/null"
    loop = f"for fast in $(seq 5 5 50); do for slow in 60 200; do {single}; done; done"
    lines = [f"hq-signal --signals {SETS} examples/smacross.hq < b.hqf > /dev/null", loop]
    together, some = medians(lines, folder, given.repeat)
    apart = some * 200 / SINGLE
    FIGURES["200 parameter sets in one hq-signal"] = together
    return [
        "## Parameter sets",
        "",
        f"`hq-signal --signals {SETS} examples/smacross.hq` over {n:,} bars: 200 sets in one process.",
        "",
        "| | s | of one process |",
        "|---|---|---|",
        f"| 200 sets in one process | {together:.3f} | 1.00 |",
        f"| a process each: {SINGLE} of them, times {200 // SINGLE} | {apart:.3f} | {apart / together:.2f} |",
    ]


if __name__ == "__main__":
    work(sys.argv[1], Path(sys.argv[2]))
