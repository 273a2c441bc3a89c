"""Orders in a merge: they come now and then, so nobody waits for the next one."""

from __future__ import annotations

import pytest
from frames import items
from panel_runs import bars, merged, recut, said, through

from hq_core.stages import merge
from hq_core.stages.signal import Signal

N = 3000


@pytest.mark.parametrize("series", [False, True])
def test_rows_do_not_wait_for_the_next_order(series, monkeypatch):
    """One order at the first bar, then none for all the others: those of another input are given all the same."""
    closes = {at: 9.0 if at == 0 else 1.0 for at in range(N)}
    cuts = range(0, 2 * N, 10)
    a = recut(through(lambda: Signal([("s", "IF close > 8 THEN BUY", "s.hq")]), bars("A", closes)), cuts)
    b = recut(bars("B", closes), cuts)
    monkeypatch.setattr(merge, "MOST_WAITING", 1 << 17)  # a third of what comes
    found = merged(a, b, series=series)
    rows, _ = said(found)
    assert {key: len(held["ts"]) // 8 for key, held in rows.items()} == {"order/A/1m": 2, "bar/A/1m": N, "bar/B/1m": N}
    first = next(item for kind, item in items(found) if kind == "rows")
    assert first.schema.of == "order"


MADE = (
    "hq-gen bars --rows 60 --seed 1 > bars.hqf; "
    "printf 'r = RSI(2)\\nIF r < 30 THEN BUY(base=0.1)\\nIF r > 70 THEN SELL(base=0.1)\\n' > s.hq; "
    "hq-signal s.hq < bars.hqf > all.hqf; "
    "hq-export csv --kind order < all.hqf > orders.csv; "
)


@pytest.mark.parametrize("series", ["", "--series"])
@pytest.mark.parametrize("given", ["bars.hqf orders.csv", "orders.csv bars.hqf", "bars.hqf <(hq-import orders.csv)"])
def test_orders_of_no_period_lie_beside_their_bars(run, given, series):
    got = run(f"{MADE} hq-merge {series} {given} > m.hqf && hq-diff m.hqf <(hq-merge {series} all.hqf)")
    assert (got.code, got.stderr) == (0, "")
    whole = f"hq-merge {series} all.hqf | hq-backtest --size-unit base"
    got = run(f"hq-backtest --size-unit base < m.hqf | hq-diff - <({whole})")
    assert (got.code, got.stderr) == (0, "")


def test_orders_of_no_period_and_bars_of_another_symbol_alone(run):
    line = "hq-merge bars.hqf <(sed s/^BTCUSDT/Y/ orders.csv) --series | hq-export jsonl --kind order | tail -1"
    assert '"symbol":"Y","period":"1m"' in run(MADE + line).text


def test_orders_of_no_period_beside_bars_of_several_are_refused(run):
    got = run(f"{MADE} hq-merge bars.hqf <(hq-aggregate 5m < bars.hqf) orders.csv")
    assert got.code == 65
    assert (
        "order/BTCUSDT/ has no period, so nobody can tell which it is of bar/BTCUSDT/1m, bar/BTCUSDT/5m" in got.stderr
    )


def test_the_period_of_orders_is_kept_in_a_state(run):
    cut = "hq-import orders.csv > o.hqf;"
    got = run(
        f"{MADE}{cut} hq-merge --state s --series bars.hqf o.hqf > 1.hqf; "
        "hq-merge --state s --final --series bars.hqf o.hqf > 2.hqf; "
        "hq-diff <(cat 1.hqf 2.hqf) <(hq-merge --series all.hqf)"
    )
    assert (got.code, got.text) == (0, "")
