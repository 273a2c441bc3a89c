"""hq-aggregate --of: bars of the values of factors, against plain Python, at every cut, and resumed."""

from __future__ import annotations

import math
import random
from array import array
from fractions import Fraction

import pytest
from factor_runs import Kept, bits

from hq_core.batch import CODES, Batch, Schema
from hq_core.errors import DATA, USAGE, HqError
from hq_core.saved import shaped
from hq_core.stages.aggregate import Aggregate

SECOND = 10**9
COLS = [("ts", "i8"), ("exch_ts", "i8"), ("valid", "b1"), ("reason", "i1"), ("mid", "f8"), ("imb", "f8")]
PERIODS = {"2s": 2 * SECOND, "10s": 10 * SECOND}


def some(seed: int, n: int = 150):
    """(ts, mid, imb): several of one ts, on ends of bars, gaps, values that lack for a while."""
    rng = random.Random(seed)
    ts, found = rng.choice([0, 700 * 10**6, -3 * SECOND]), []
    for i in range(n):
        ts += rng.choice([0, SECOND // 2, SECOND, 300 * 10**6, 15 * SECOND if rng.random() < 0.1 else 0])
        imb = math.nan if i % 50 < 15 else rng.choice([rng.uniform(-1, 1), 0.0, -0.5])
        found.append((ts, 1e6 + rng.gauss(0, 10), imb))
    return found


def batch_of(rows) -> Batch:
    schema = Schema("factor", "BTC", "", COLS)
    said = [
        [ts for ts, *_ in rows], [ts - 7 for ts, *_ in rows], [1] * len(rows), [0] * len(rows),
        [mid for _, mid, _ in rows], [imb for *_, imb in rows],
    ]  # fmt: skip
    columns = [array(CODES[kind], values) for (_, kind), values in zip(COLS, said)]
    return Batch(schema, len(rows), [one.buffer_info()[0] for one in columns], columns)


def begun():
    stage, kept = Aggregate("2s:10s", of="mid,imb"), Kept()
    stage.begin(kept)
    return stage, kept


def run(parts, again=False, mark=None):
    stage, kept = begun()
    for i, part in enumerate(parts):
        if again and i:
            saved = shaped(stage.save(), Aggregate.SHAPE)
            stage, _ = begun()
            stage.begin(kept)
            stage.load(saved)
            assert stage.save() == saved
        batch = batch_of(part)
        stage.schema(batch.schema)
        stage.rows(batch)
    if mark is not None:
        stage.mark(mark)
    stage.finish(more=False)
    return {period: kept.rows_of.get(f"factor/BTC/{period}", []) for period in PERIODS}


def slow(rows, ns, upto):
    """The bars that are over at `upto`, but for a first one whose beginning is not there."""
    found = []
    for begins in sorted({ts // ns * ns for ts, *_ in rows}):
        of = [row for row in rows if begins <= row[0] < begins + ns]
        if begins + ns > upto or begins < rows[0][0] == of[0][0]:
            continue
        bar = [begins + ns, of[-1][0] - 7]
        values = []
        for at in (1, 2):
            x = [row[at] for row in of if row[at] == row[at]]
            mean = float(sum(map(Fraction, x)) / len(x)) if x else math.nan
            values += [x[0], max(x), min(x), x[-1], mean] if x else [math.nan] * 5
        lacks = any(value != value for value in values)
        found.append((*bar, int(not lacks), 7 * lacks, *values))
    return found


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("marked", [False, True])
def test_bars_are_what_their_words_say(seed, marked):
    rows = some(seed)
    upto = rows[-1][0] + 9 * SECOND if marked else rows[-1][0]
    mine = run([rows], mark=upto if marked else None)
    for period, ns in PERIODS.items():
        wanted = slow(rows, ns, upto)
        assert len(mine[period]) == len(wanted) > 3
        for one, other in zip(mine[period], wanted):
            assert one[:-1] == pytest.approx(other[:-1], rel=1e-15, nan_ok=True)
            assert one[-1] == pytest.approx(other[-1], rel=1e-14, abs=1e-16, nan_ok=True)


def test_any_cut_gives_the_same_bits():
    rows = some(9)
    whole = {period: bits(found) for period, found in run([rows]).items()}
    parts = [[[row] for row in rows], *([rows[:at], rows[at:]] for at in range(1, len(rows), 7))]
    for part in parts:
        for again in (False, True):
            assert {period: bits(found) for period, found in run(part, again).items()} == whole


def test_coarse_bars_come_before_the_finer_ones_that_close_with_them():
    stage, kept = begun()
    batch = batch_of([(i * SECOND, 1.0, 0.5) for i in range(11)])
    stage.schema(batch.schema)
    stage.rows(batch)
    assert list(kept.rows_of) == ["factor/BTC/10s", "factor/BTC/2s"]


def test_what_is_refused():
    stage, _ = begun()
    with pytest.raises(HqError, match="has no column 'imb'.*it has ts, exch_ts, valid, reason, mid") as caught:
        stage.schema(Schema("factor", "X", "", COLS[:-1]))
    assert caught.value.code == DATA
    for said in ({"of": "mid,mid"}, {"of": "mid,"}, {"of": "mid", "fill": "flat"}, {"of": "mid", "tz": "Europe/Paris"}):
        with pytest.raises(HqError) as caught:
            Aggregate("1m", **said)
        assert caught.value.code == USAGE
