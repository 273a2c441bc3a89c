"""A symbol goes on as one series whether its rows come in a panel, in a panel of other columns, or by themselves."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable

import panel_runs
import pytest
from frames import frames, values
from hypothesis import given, settings
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
PIECE = 4  # bars of each symbol in a section

STAGES: dict[str, tuple[Callable[[], Stage], tuple[str, ...]]] = {
    "indicators": (lambda: hq_core.Indicators(["ema:3", "rsi:2", "obv"]), ("ema_3", "rsi_2", "obv"))
}

# of a section: whether it is a panel, and which symbols have a further column; and whether a run ends behind it
sections = st.lists(st.tuples(st.booleans(), st.sets(st.sampled_from(SYMBOLS)), st.booleans()), min_size=2, max_size=6)


def close(symbol: str, at: int) -> float:
    return 100.0 + (at * 7 + 3 * SYMBOLS.index(symbol)) % 11


def bars(symbol: str, first: int, more: bool = False, count: int = PIECE) -> bytes:
    rows = []
    for at in range(first, first + count):
        price = close(symbol, at)
        row = (START + MINUTE * (at + 1), START + MINUTE * at, price, price + 1, price - 1, price, 1.0 + at % 3)
        rows.append((*row, 10 * price) if more else row)
    return frames((Schema("bar", symbol, "1m", [*panel_runs.BAR, *([("mine", "f8")] if more else [])]), rows))


def section(panel: bool, first: int, wide: Iterable[str]) -> bytes:
    """The bars of all symbols from one on: a panel, two of one name where some have a further column, or series."""
    each = [bars(symbol, first, symbol in wide) for symbol in SYMBOLS]
    return panel_runs.merged(*each, series=not panel)


def told(data: bytes, names: Iterable[str]) -> dict[str, dict[str, list[str]]]:
    """Those columns of each series, panels taken apart; as texts, so that nan is nan."""
    found: dict[str, dict[str, list[str]]] = {}
    for item in split(Reader(descriptor(data))):
        if isinstance(item, Batch):
            held = found.setdefault(item.schema.key, {})
            for name in names:
                held.setdefault(name, []).extend(map(repr, values(item, name)))
    return found


@pytest.mark.parametrize("name", STAGES)
@FEW
@given(forms=sections)
def test_a_symbol_goes_on_whoever_runs_it(name, forms, tmp_path_factory):
    make, names = STAGES[name]
    pieces = [section(panel, PIECE * i, wide) for i, (panel, wide, _) in enumerate(forms)]
    series = b"".join(section(False, PIECE * i, wide) for i, (_, wide, _) in enumerate(forms))
    want = told(panel_runs.through(make, series), ("ts", *names))
    assert told(panel_runs.through(make, b"".join(pieces)), ("ts", *names)) == want
    if name == "indicators":  # the others hold rows at the end of a run
        state = str(tmp_path_factory.mktemp("state") / "s")
        runs, open_ = [], b""
        for piece, (_, _, ends) in zip(pieces, forms):
            open_ += piece
            if ends:
                runs.append(open_)
                open_ = b""
        found = [panel_runs.through(make, run, State(state, 0, {})) for run in [*runs, open_] if run]
        assert told(b"".join(found), ("ts", *names)) == want


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
