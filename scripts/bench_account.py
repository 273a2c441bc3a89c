"""The futures account beside raptorbt: its arithmetic and whole processes, many accounts, memory, strategies inside.

raptorbt is not hq's dependency: --peers names the Python of an environment that has it; without it hq alone is
measured.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from array import array
from bisect import bisect_right
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench_runs import (
    ENV,
    FIGURES,
    PEAKS,
    ROOT,
    has,
    in_turns,
    left_out,
    median,
    medians,
    peak_mib,
    seconds,
    serve,
    timed,
)

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

MARGIN, FEE = 10_000_000, 0.0004
BACKTEST = f"hq-backtest --size 1 --initial-margin {MARGIN} --taker-fee {FEE} --maker-fee {FEE}"
SETS = "-p oversold=23..30:1 -p overbought=70..77:1"  # 64
SINGLE = 8
RESTING = """\
range = ATR(14)
IF CROSSUNDER(RSI(14), 35)
  THEN OPEN_LONG(limit=close - 0.2 * range, stop=close - 3 * range, take=close + 3 * range, expire="1h")
IF CROSSOVER(RSI(14), 65)
  THEN OPEN_SHORT(limit=close + 0.2 * range, stop=close + 3 * range, take=close - 3 * range, expire="1h")
"""
RAPTORBT = f"""
import numpy, raptorbt

bars = numpy.load("b.npz")
columns = [bars[name] for name in ("ts", "open", "high", "low", "close", "volume")]
terms = raptorbt.BacktestConfig(
    initial_capital={MARGIN}, fees={FEE}, fill_timing="next_bar_open",
    session_minutes=1440.0,
)

def signals():
    strength = raptorbt.rsi(columns[4], 14)
    return strength < 30, strength > 70

def trade(enter, leave):
    result = raptorbt.run_single_backtest(*columns, enter, leave, 1, 1.0, "BTCUSDT", terms)
    return result, result.equity_curve()

if __name__ == "__main__":
    print(len(trade(*signals())[0].trades()))
"""


# -- workers: each a process of its own ------------------------------------------------------------------
def by_raptorbt(folder: Path) -> None:
    os.chdir(folder)
    sys.path.insert(0, ".")
    from raptor import signals, trade  # type: ignore[import-not-found]

    ready = signals()

    def once() -> dict[str, Any]:
        return {"alone": seconds(lambda: trade(*ready))["seconds"], **seconds(lambda: trade(*signals()))}

    serve(once)


def by_hq(path: Path) -> None:
    """The account over the bars and the orders of a file, which lie ready as columns."""
    once = traded(path)
    once()
    serve(lambda: seconds(once))


def traded(path: Path) -> Callable[[], None]:
    """A run of the account, with its rows of equity, and of all that happens, laid out as columns.

    As in the command, whose blocks go out, a turn's rows of equity lie where those of the turn before it lay.
    """
    from hq_core import Batch, read
    from hq_core.batch import CODES
    from hq_core.futures.bars import READ
    from hq_core.futures.blocks import ORDER_SAID
    from hq_core.futures.equity import OF_SYMBOL
    from hq_core.futures.given import Given
    from hq_core.futures.runs import AT_ONCE
    from hq_core.futures.terms import Terms
    from hq_core.futures.trader import Trader

    given, bars = Given(""), {name: array(CODES[kind]) for name, kind in READ}
    for item in read(str(path)):
        if isinstance(item, Batch) and item.schema.of == "order":
            given.take(item, 0, item.n, 0, array("q"), -1)
        elif isinstance(item, Batch) and item.schema.of == "bar":
            for name in filter(item.schema.has, bars):
                bars[name].frombytes(memoryview(item.view(name)).cast("B"))
    n = len(bars["ts"])
    pieces, k = [], 0
    for start in range(0, n, AT_ONCE):
        stop = min(start + AT_ONCE, n)
        end = bisect_right(given.ts, bars["ts"][stop - 1], k)
        pieces.append((start, stop, given.ts[k:end], given.rows[ORDER_SAID * k : ORDER_SAID * end]))
        k = end
    equity = array("d", bytes(8 * AT_ONCE * (2 + OF_SYMBOL)))

    said = BACKTEST.split()[1:]
    names = [name.removeprefix("--").replace("-", "_") for name in said[::2]]
    terms: dict[str, Any] = dict(zip(names, ["1", *map(float, said[3::2])], strict=True))

    def once() -> None:
        places = [equity.buffer_info()[0] + 8 * AT_ONCE * i for i in range(2 + OF_SYMBOL)]
        trader = Trader("", Terms(**terms), OF_SYMBOL)
        trader.account.add("BTCUSDT")
        trader.account.bind({name: column.buffer_info()[0] for name, column in bars.items() if column}, n)
        for at, stop, ts, rows in pieces:
            trader.given.ts.extend(ts)
            trader.given.rows.extend(rows)
            while at < stop:
                at = trader.run(at, stop, places)
                for _ in trader.written():
                    pass
        if trader.account.state.periods != n:
            raise SystemExit(f"the account did {trader.account.state.periods} of {n} bars")

    return once


def words(who: str, python: str, at: Path) -> list[str]:
    return [python, __file__, who, str(at)]


# -- parts -----------------------------------------------------------------------------------------------
def account(folder: Path, given: argparse.Namespace) -> list[str]:
    """examples/rsi.hq on an account beside raptorbt."""
    n = given.bars
    signal = "hq-signal examples/rsi.hq < b.hqf"
    timed(f"hq-gen bars --rows {n} --seed 1 > b.hqf; hq-export npz < b.hqf > b.npz; {signal} > orders.hqf", folder)
    (folder / "raptor.py").write_text(RAPTORBT)
    beside = has(given.peers, "raptorbt", "numpy")
    workers = {"hq": words("hq", sys.executable, folder / "orders.hqf")}
    lines = {"pipe": f"{signal} | {BACKTEST} > /dev/null", "account": f"{BACKTEST} < orders.hqf > /dev/null"}
    if beside:
        workers["raptorbt"] = words("raptorbt", given.peers, folder)
        lines["raptorbt"] = f"{given.peers} raptor.py > /dev/null"
        same_entries(folder, given.peers)
    told = in_turns(workers, given.repeat)
    alone = median(told["hq"])
    whole = dict(zip(lines, medians(list(lines.values()), folder, given.repeat)))
    signals = peak_mib(["hq-signal", "examples/rsi.hq"], folder / "b.hqf")
    accounts = peak_mib(BACKTEST.split(), folder / "orders.hqf")
    FIGURES["the account's arithmetic, market orders"] = alone
    FIGURES["hq-signal and hq-backtest"], FIGURES["hq-backtest, recorded orders"] = whole["pipe"], whole["account"]
    PEAKS["hq-signal, examples/rsi.hq"], PEAKS["hq-backtest, its orders"] = signals, accounts
    in_process = [f"| the account, orders ready as columns | {n / alone / 1e6:.1f} | | at least 50 |"]
    ratio = {name: f"{whole['raptorbt'] / took:.2f}" if beside else "" for name, took in whole.items()}
    processes = [
        f"| `hq-signal examples/rsi.hq \\| hq-backtest` | {whole['pipe']:.3f} |"
        f" {signals:.0f} + {accounts:.0f} | {ratio['pipe']} | at least 1.5 |",
        f"| hq-backtest, recorded orders | {whole['account']:.3f} | {accounts:.0f} | {ratio['account']} | |",
    ]
    if beside:
        for name, clock in {"signals ready": "alone", "RSI and signals too": "seconds"}.items():
            theirs = median(told["raptorbt"], clock)
            in_process.append(f"| raptorbt, {name} | {n / theirs / 1e6:.1f} | {theirs / alone:.2f} | |")
        peak = peak_mib([given.peers, "raptor.py"], folder / "b.npz")
        processes.append(f"| raptorbt, from .npz | {whole['raptorbt']:.3f} | {peak:.0f} | {ratio['raptorbt']} | |")
    return [
        "## The account",
        "",
        f"examples/rsi.hq over {n:,} bars, with margin, liquidation and fees: `{BACKTEST}`.",
        "hq trades long and short, by an order at each bar that asks for one; raptorbt holds the long half of the same",
        "trades, all in.",
        "",
        *left_out([] if beside else ["raptorbt"]),
        "| in process | million bars/s | hq's times as fast | target |",
        "|---|---|---|---|",
        *in_process,
        "",
        "| whole process | s | peak MiB | times as fast as raptorbt | target |",
        "|---|---|---|---|---|",
        *processes,
    ]


def same_entries(folder: Path, python: str) -> None:
    """SystemExit where raptorbt does not open the longs that hq does: every other trade of theirs is a short one."""
    line = f"{BACKTEST} --json < orders.hqf"
    report = json.loads(subprocess.check_output(line, shell=True, cwd=folder, env=ENV))
    entries = report["trades"] + len(report["open_positions"])
    longs = int(subprocess.check_output([python, "raptor.py"], cwd=folder))
    if abs(2 * longs - entries) > 1:
        raise SystemExit(f"raptorbt opens {longs} longs, hq {entries} longs and shorts")


def resting_orders(folder: Path, given: argparse.Namespace) -> list[str]:
    """Limit entries, each with a stop and a take."""
    n = given.bars
    (folder / "resting.hq").write_text(RESTING)
    timed(f"hq-gen bars --rows {n} --seed 1 | hq-signal resting.hq > resting.hqf", folder)
    told = in_turns({"hq": words("hq", sys.executable, folder / "resting.hqf")}, given.repeat)
    alone = median(told["hq"])
    whole = medians([f"{BACKTEST} < resting.hqf > /dev/null"], folder, given.repeat)[0]
    FIGURES["the account's arithmetic, resting orders"] = alone
    FIGURES["hq-backtest, resting orders"] = whole
    return [
        "## Orders that rest",
        "",
        f"Limit entries, each with a stop and a take, over {n:,} bars.",
        "",
        "| | s | million bars/s | target |",
        "|---|---|---|---|",
        f"| the account in process, orders ready as columns | {alone:.3f} | {n / alone / 1e6:.1f} | at least 10 |",
        f"| hq-backtest, recorded orders | {whole:.3f} | {n / whole / 1e6:.1f} | |",
    ]


def many_accounts(folder: Path, given: argparse.Namespace) -> list[str]:
    """64 accounts in one pipeline beside as many pipelines: of few bars, where the start counts, and of many."""
    rows = []
    for n, repeat in ((given.bars // 10, given.repeat), (given.bars, 1)):
        timed(f"hq-gen bars --rows {n} --seed 1 > b.hqf", folder)
        single = f"hq-signal -p oversold=$one examples/rsi.hq < b.hqf | {BACKTEST} > /dev/null"
        lines = [
            f"hq-signal {SETS} examples/rsi.hq < b.hqf | {BACKTEST} > /dev/null",
            f"for one in $(seq 23 {22 + SINGLE}); do {single}; done",
        ]
        together, some = medians(lines, folder, repeat)
        apart = some * 64 / SINGLE
        FIGURES[f"64 accounts in one pipeline, {n / 1e6:.3g} M bars"] = together
        rows.append(f"| {n:,} | {together:.3f} | {apart:.3f} | {apart / together:.2f} | at least 3 |")
    return [
        "## Many accounts",
        "",
        f"`hq-signal {SETS} examples/rsi.hq | hq-backtest`: 64 parameter sets, an account each; beside it a pipeline",
        f"for each set, {SINGLE} of them, times {64 // SINGLE}. Of the longer input a single turn.",
        "",
        "| bars | one pipeline, s | a pipeline each, s | times as fast | target |",
        "|---|---|---|---|---|",
        *rows,
    ]


def account_memory(folder: Path, given: argparse.Namespace) -> list[str]:
    """Peak memory of the account over ever more bars."""
    rows = []
    for n in (given.bars // 10, given.bars, 10 * given.bars):
        timed(f"hq-gen bars --rows {n} --seed 1 | hq-signal examples/rsi.hq > long.hqf", folder)
        peak = peak_mib(BACKTEST.split(), folder / "long.hqf")
        PEAKS[f"hq-backtest, {n / 1e6:.3g} M bars"] = peak
        rows.append(f"| {n:,} | {peak:.1f} |")
    (folder / "long.hqf").unlink()
    return ["## Memory of hq-backtest", "", "| bars | peak MiB |", "|---|---|", *rows]


def inside_account(folder: Path, given: argparse.Namespace) -> list[str]:
    """Strategies that read their account at each bar."""
    n = given.bars // 10
    timed(f"hq-gen bars --rows {n} --seed 1 > b.hqf", folder)
    trailing = folder / "trailing.py"
    trailing.write_text((ROOT / "examples" / "strategies" / "trailing.py").read_text())
    trailing.chmod(0o644)  # one that others may write is refused
    lines = {
        "hq-backtest examples/atr_stop.hq": f"{BACKTEST} examples/atr_stop.hq < b.hqf > /dev/null",
        "hq-backtest --python trailing.py:Trailing": f"{BACKTEST} --python trailing.py:Trailing < b.hqf > /dev/null",
    }
    times = medians(list(lines.values()), folder, given.repeat)
    FIGURES.update(zip(lines, times))
    return [
        "## Strategies that read their account",
        "",
        f"{n:,} bars; whole processes, start included.",
        "",
        "| | s | ns a bar | bars/s |",
        "|---|---|---|---|",
        *(f"| {name} | {time:.3f} | {1e9 * time / n:.0f} | {n / time:,.0f} |" for name, time in zip(lines, times)),
    ]


if __name__ == "__main__":
    {"hq": by_hq, "raptorbt": by_raptorbt}[sys.argv[1]](Path(sys.argv[2]))
