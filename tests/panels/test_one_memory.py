"""A symbol goes on as one series whether its rows come in a panel, in a panel of other columns, or by themselves."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable

import panel_runs
import pytest
from frames import frames, values
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from inputs import descriptor

import hq_core
from hq_core.batch import Batch, Schema
from hq_core.errors import DATA, HqError
from hq_core.flow import State
from hq_core.roles import Stage
from hq_core.stream.handover import split
from hq_core.wire import Reader

MINUTE, START = panel_runs.MINUTE, panel_runs.START
FEW = settings(max_examples=int(os.environ.get("HQ_FUZZ", "25")))
SYMBOLS = "ABC"
RISING = 'IF close > EMA(close, 3) THEN BUY(META(at=close, why="up"))'
ORDERS = ("strategy", "id", "side", "action", "meta.at", "meta.why")
PIECE = 4  # bars of each symbol in a section

STAGES: dict[str, tuple[Callable[[], Stage], tuple[str, ...]]] = {
    "indicators": (lambda: hq_core.Indicators(["ema:3", "rsi:2", "obv"]), ("ema_3", "rsi_2", "obv")),
    "of another": (lambda: hq_core.Indicators("sma:3(close@B)", missing="warn"), ("close",)),
    "signal": (lambda: hq_core.Signal([("s", RISING, "s.hq")]), ("close", *ORDERS)),
    "signals": (lambda: hq_core.Signal([("s", RISING, "s.hq")], signals=True), ORDERS),
    "aggregate": (lambda: hq_core.Aggregate("2m", slack="0s"), ("close", "volume")),
    "aggregate beside its input": (lambda: hq_core.Aggregate("1m:4m", slack="0s"), ("close",)),
}
ALONE = [name for name in STAGES if name != "of another"]  # that do not read another symbol
PROMPT = ("indicators", "signal", "signals")

# of a section: whether it is a panel, which symbols it has, and which of them have a further column
sections = st.lists(
    st.tuples(st.booleans(), st.sets(st.sampled_from(SYMBOLS), min_size=1), st.sets(st.sampled_from(SYMBOLS))),
    min_size=2,
    max_size=6,
)


def close(symbol: str, at: int) -> float:
    return 100.0 + (at * 7 + 3 * SYMBOLS.index(symbol)) % 11


def bars(symbol: str, first: int, more: bool = False, count: int = PIECE) -> bytes:
    rows = []
    for at in range(first, first + count):
        price = close(symbol, at)
        row = (START + MINUTE * (at + 1), START + MINUTE * at, price, price + 1, price - 1, price, 1.0 + at % 3)
        rows.append((*row, 10 * price) if more else row)
    return frames((Schema("bar", symbol, "1m", [*panel_runs.BAR, *([("mine", "f8")] if more else [])]), rows))


def section(panel: bool, symbols: Iterable[str], wide: Iterable[str], first: int) -> bytes:
    """The bars of symbols from one on: a panel, two of one name where some have a further column, or series."""
    each = [bars(symbol, first, symbol in wide) for symbol in sorted(symbols)]
    return panel_runs.merged(*each, series=not panel)


def told(data: bytes, names: Iterable[str]) -> dict[str, dict[str, list[str]]]:
    """Those columns of each series, panels taken apart; as texts, so that nan is nan."""
    found: dict[str, dict[str, list[str]]] = {}
    for item in split(Reader(descriptor(data))):
        if isinstance(item, Batch):
            held = found.setdefault(item.schema.key, {})
            for name in names:
                if item.schema.has(name):
                    some = item.words(name) if item.schema.kind(name) == "s4" else values(item, name)
                    held.setdefault(name, []).extend(map(repr, some))
    return {key: held for key, held in found.items() if any(held.values())}


def pieces(forms: list[tuple[bool, set[str], set[str]]], series: bool = False) -> list[bytes]:
    return [section(panel and not series, *form, PIECE * i) for i, (panel, *form) in enumerate(forms)]


@pytest.mark.parametrize("name", ALONE)
@FEW
@given(forms=sections)
@example(forms=[(True, set("ABC"), {"B"}), (False, set("ABC"), set())])  # two panels take turns, and share a memory
def test_a_symbol_goes_on_whoever_runs_it(name, forms):
    make, names = STAGES[name]
    want = told(panel_runs.through(make, b"".join(pieces(forms, series=True))), ("ts", *names))
    found = told(panel_runs.through(make, b"".join(pieces(forms))), ("ts", *names))
    if name.startswith("aggregate"):  # where another symbol goes on, a panel's last bar may close
        found = {key: {col: held[: len(want[key][col])] for col, held in found[key].items()} for key in want}
    assert found == want


@pytest.mark.parametrize("name", STAGES)
@FEW
@given(forms=sections)
def test_runs_that_go_on_give_what_one_run_gives(name, forms, tmp_path_factory):
    """What ended with a run does not hold back what goes on."""
    make, names = STAGES[name]
    state = str(tmp_path_factory.mktemp("state") / "s")
    if (
        name not in PROMPT
    ):  # a stage learns of series of the run before by what stands around it from the first panel on
        forms[0] = (True, *forms[0][1:])
    given_ = pieces(forms)
    try:
        whole = panel_runs.through(make, b"".join(given_), State(state + "2", 0, {}))
    except HqError:
        assume(False)  # series in an order in which they cannot be read
    runs = [panel_runs.through(make, piece, State(state, 0, {})) for piece in given_]
    found = told(b"".join(runs), ("ts", *names))
    assert found == told(whole, ("ts", *names))
    if name in PROMPT and not any(panel and symbols & wide and symbols - wide for panel, symbols, wide in forms):
        assert found == told(panel_runs.through(make, b"".join(given_)), ("ts", *names))


def test_a_symbol_that_would_go_on_by_another_plan_is_refused():
    """`obv` in brackets is the column where the bars have one of that name, else the indicator: two computations."""
    with_one = [*panel_runs.BAR, ("obv", "f8")]
    rows = [(START + MINUTE * (at + 1), START + MINUTE * at, 1.0, 2.0, 0.5, 1.0, 1.0, 3.0) for at in range(4, 8)]
    later = panel_runs.merged(frames((Schema("bar", "A", "1m", with_one), rows)))
    what = r"bar/A/1m: has other columns than before, .* would go on with obv where they read close, volume"
    for before in (panel_runs.merged(bars("A", 0)), bars("A", 0)):
        with pytest.raises(HqError, match=what) as no:
            panel_runs.through(lambda: hq_core.Indicators("ema:2(obv)"), before + later)
        assert no.value.code == DATA


@pytest.mark.parametrize("line", ["hq-signal --state s x.hq", "hq-indicators --state s 'sma:2(close@B)'"])
def test_a_daily_job_gives_each_day_on_its_day(line, run):
    """One ts a file: nothing smaller than the panel's last row can come, so nothing waits for the next day."""
    run(f"echo '{RISING}' > x.hq")
    for day in (1, 2, 3):
        rows = "".join(f"2024-01-0{day},{symbol},1,9,0.5,{day},1\\n" for symbol in SYMBOLS)
        run(f"printf 'ts,symbol,open,high,low,close,volume\\n{rows}' > day.csv")
        made = run("hq-import --period 1d --tz UTC --stamp close day.csv")
        assert made.code == 0, made.stderr
        found = run(f"{line} | hq-export csv --columns symbol,close", made.stdout)
        assert found.text.splitlines()[1:] == [f"{symbol},{day}.0" for symbol in SYMBOLS], found.stderr


@FEW
@given(cuts=st.lists(st.integers(1, 40), max_size=6), wide=st.sets(st.sampled_from(SYMBOLS)))
def test_rows_that_go_out_at_once_lie_in_their_panel_s_order(cuts, wide):
    """Cut inside an instant too, and with a symbol whose rows wait for another's; orders lie before their bars."""
    whole = section(True, SYMBOLS, wide, 0)
    ordered = panel_runs.through(STAGES["signal"][0], whole)
    for name, given_ in (("signal", whole), ("of another", whole), ("of another", ordered), ("indicators", ordered)):
        made = panel_runs.through(STAGES[name][0], panel_runs.recut(given_, cuts))
        last: dict[tuple[str, ...], tuple[int, str]] = {}
        for item in Reader(descriptor(made)):
            if isinstance(item, Batch):
                for row in zip(item.view("ts").tolist(), item.words("symbol")):
                    assert row >= last.get(item.schema.names, row)
                    last[item.schema.names] = row
                    if item.schema.of == "order":
                        assert all(row > bar for names, bar in last.items() if "close" in names)


@FEW
@given(forms=sections, cuts=st.lists(st.integers(1, 40), max_size=6))
def test_orders_that_pass_go_on_as_they_are(forms, cuts):
    """Through stages that take panels apart, each order is still there, with its texts."""
    names = ("ts", *ORDERS)
    panels: list[tuple[bool, set[str], set[str]]] = [(True, symbols, set()) for _, symbols, _ in forms]
    made = panel_runs.through(STAGES["signal"][0], b"".join(pieces(panels)))
    want = {key: held for key, held in told(made, names).items() if key.startswith("order/")}
    for name in ("indicators", "aggregate beside its input"):
        passed = panel_runs.through(STAGES[name][0], panel_runs.recut(made, cuts))
        assert {key: held for key, held in told(passed, names).items() if key.startswith("order/")} == want
