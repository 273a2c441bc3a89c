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
