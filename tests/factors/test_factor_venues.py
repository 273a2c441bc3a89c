"""One made market as three venues' messages gives the same factors, which see what is known here alone."""

from __future__ import annotations

import pytest
from venue_market import MAKERS, lines, market

SIX = "mid spread micro imbalance:5 tfi:2s,least=3 vwap:2s,least=3 ofi_cks:2s"


def rows(run, folder, venue, steps, more="") -> list[str]:
    path = folder / f"{venue}.log"
    path.write_bytes(lines(MAKERS[venue](steps)))
    channels = "--channels depth,trade"
    line = (
        f"hq-import --venue {venue} {channels} {path} | hq-factors --tick 0.1 --lot 0.001 {more} {SIX} | hq-export csv"
    )
    ran = run(line)
    assert ran.code == 0, ran.stderr
    return ran.text.splitlines()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("more", ["", "--trigger bbo,every:300ms"])
def test_three_venues_give_the_same_factors(run, tmp_path, seed, more):
    steps = market(seed, 250)
    found = {venue: rows(run, tmp_path, venue, steps, more) for venue in MAKERS}
    binance = found["binance"]
    behind = next(i for i, row in enumerate(binance) if row.split(",")[1] != binance[1].split(",")[1] and i > 1)
    assert len(binance) > 100
    for venue, one in found.items():
        start = next(i for i, row in enumerate(one) if row == binance[behind])
        assert one[start:] == binance[behind:], venue  # the first book is as many rows as its venue sends
        assert one[start - 1].split(",")[1:] == binance[behind - 1].split(",")[1:], venue
