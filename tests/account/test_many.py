"""Many accounts in one pass are the accounts of as many runs, to the bit."""

from __future__ import annotations

import pytest
from places import ROOT

KINDS = "equity", "fill", "order_state", "position"
MADE = "hq-gen bars --rows 9000 --seed 1 > btc.hqf; hq-gen bars --rows 9000 --seed 2 --symbol ETHUSDT > eth.hqf"
NAMES = [f"rsi[oversold={value}]" for value in range(24, 31)]


@pytest.mark.parametrize("bars", ["cat btc.hqf", "hq-merge btc.hqf eth.hqf"], ids=["one", "panel"])
@pytest.mark.parametrize("options", ["", "--initial-margin 5 --leverage 20 --size all"], ids=["plain", "ruined"])
def test_each_is_that_of_its_own_run(run, bars: str, options: str) -> None:
    signal = f"hq-signal -p oversold=24..30:1 {ROOT}/examples/rsi.hq"
    assert run(f"{MADE}; {bars} | {signal} > o.hqf; hq-backtest {options} < o.hqf > all.hqf").code == 0
    for kind in KINDS:
        together = run(f"hq-export jsonl --kind {kind} < all.hqf").text.splitlines()
        assert together
        for name in NAMES[:: 3 if kind == "equity" else 1]:
            alone = run(f"hq-backtest {options} --strategy '{name}' < o.hqf | hq-export jsonl --kind {kind}").text
            assert [line for line in together if f'"account":"{name}"' in line] == alone.splitlines()
