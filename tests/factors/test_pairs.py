"""hq-pairs: values against plain Python, the order of rows, cuts and states, and what is refused."""

from __future__ import annotations

import math
import random
from array import array

import pytest
import slow_pairs
from factor_runs import Kept, bits

from hq_core.batch import CODES, Batch, Schema
from hq_core.errors import DATA, HqError
from hq_core.pairing import PAIRS
from hq_core.saved import shaped
from hq_core.stages.pairs import Pairs

SECOND = 10**9
COLS = [("ts", "i8"), ("exch_ts", "i8"), ("valid", "b1"), ("reason", "i1"), ("mid", "f8")]
CASES = {
    "ratio_dev:15": (15.0,),
    "zscore:5s,least=3": (5 * SECOND, 0.0, 3),
    "zscore:40s,ratio=14.5": (40 * SECOND, 14.5, 10),
    "corr:5s,least=4": (5 * SECOND, "returns", 4),
    "corr:30s,of=values": (30 * SECOND, "values", 10),
    "beta:8s,least=3": (8 * SECOND, "returns", 3),
    "beta:8s,values,3": (8 * SECOND, "values", 3),
    "leadlag:9s,1,least=3": (9 * SECOND, 1, "returns", 3),
    "leadlag:9s,-3,least=3": (9 * SECOND, -3, "returns", 3),
    "leadlag:9s,0,values,3": (9 * SECOND, 0, "values", 3),
}


def some(seed: int, n: int = 220) -> list[tuple[int, str, float]]:
    """(ts, which, value), by ts; with instants of several rows, values that lack, stretches that stand still, gaps."""
    rng = random.Random(seed)
    ts, value, found = 0, {"a": 1500.0, "b": 100.0}, []
    for _ in range(n):
        ts += rng.choice([0, 0, 1, 1, 2, 60 if rng.random() < 0.03 else 1]) * SECOND // 2
        which = rng.choice("ab")
        if rng.random() < 0.7:
            value[which] *= math.exp(rng.gauss(0, 0.01))
        found.append((ts, which, value[which] if rng.random() < 0.95 else math.nan))
    return found


def batches(events, panel: bool):
    """As rows of a panel, by ts and symbol; or of two series, a batch for each stretch of one."""
    if panel:
        ordered = sorted(events, key=lambda one: one[:2])
        yield _batch(Schema("factor", "", "", [*COLS, ("symbol", "s4")]), ordered)
        return
    for at, one in enumerate(events):
        if at == 0 or one[1] != events[at - 1][1]:
            part = [one]
            for other in events[at + 1 :]:
                if other[1] != one[1]:
                    break
                part.append(other)
            yield _batch(Schema("factor", one[1].upper(), "", COLS), part)


def _batch(schema: Schema, events) -> Batch:
    said = {
        "ts": [ts for ts, _, _ in events],
        "exch_ts": [ts - 5 for ts, _, _ in events],
        "valid": [int(value == value) for _, _, value in events],
        "reason": [0 if value == value else 6 for _, _, value in events],
        "mid": [value for _, _, value in events],
        "symbol": ["ab".index(which) for _, which, _ in events],
    }
    columns = [array(CODES[kind], said[name]) for name, kind in schema.cols]
    return Batch(schema, len(events), [one.buffer_info()[0] for one in columns], columns, {"symbol": ["A", "B"]})


def begun() -> tuple[Pairs, Kept]:
    stage, kept = Pairs("A,B", *CASES), Kept()
    stage.begin(kept)
    return stage, kept


def run(parts, panel: bool = True, again: bool = False, end: bool = True):
    """The rows of events that come in these parts; again: another stage takes up the state between them."""
    stage, kept = begun()
    for i, part in enumerate(parts):
        if again and i:
            saved = shaped(stage.save(), Pairs.SHAPE)
            stage, _ = begun()
            stage.begin(kept)
            stage.load(saved)
            assert stage.save() == saved
        for batch in batches(part, panel):
            stage.schema(batch.schema)
            stage.rows(batch)
    if end:
        stage.finish(more=False)
    return [dict(zip(kept.names["factor/A-B/"], row)) for row in kept.rows_of.get("factor/A-B/", [])]


def same(x: float, y: float) -> bool:
    return (x != x and y != y) or math.isclose(x, y, rel_tol=1e-9, abs_tol=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_a_factor_of_a_pair_is_what_its_words_say(seed):
    events = sorted(some(seed), key=lambda one: one[:2])
    rows = slow_pairs.at_instants(events)
    mine = run([events])
    assert [(one["ts"], one["exch_ts"]) for one in mine] == [(ts, ts - 5) for ts, _, _ in rows]
    there = dict.fromkeys(CASES, 0)
    for text, params in CASES.items():
        entry = PAIRS.load(text.partition(":")[0])
        column = [name for name in mine[0] if name.startswith(entry.name)][
            [case for case in CASES if case.startswith(entry.name)].index(text)
        ]
        for at, row in enumerate(mine):
            wanted = getattr(slow_pairs, entry.name)(rows[: at + 1], *params)
            assert same(row[column], wanted), (text, at, row, wanted)
            there[text] += wanted == wanted
    assert min(there.values()) > 15, there
    for (_, a, b), row in zip(rows, mine):
        lacks = any(value != value for value in row.values())
        reason = 6 if a != a or b != b else 7 if lacks else 0
        assert (row["valid"], row["reason"]) == (not lacks, reason)


def test_every_factor_of_pairs_has_a_case():
    assert {text.partition(":")[0] for text in CASES} == set(PAIRS.names())


def test_the_document_s_example():
    assert run([[(1, "a", 45.0), (1, "b", 2.0)]])[0]["ratio_dev_15"] == 0.5


def rows_of(found):
    return bits([tuple(one.values()) for one in found])


def test_any_cut_gives_the_same_bits():
    events = sorted(some(11), key=lambda one: one[:2])
    whole = rows_of(run([events]))
    assert rows_of(run([[one] for one in events])) == whole
    for at in range(0, len(events), 9):
        parts = [events[:at], events[at:]]
        assert rows_of(run(parts)) == whole
        assert rows_of(run(parts, again=True)) == whole, at


def test_two_series_are_as_a_panel_whatever_comes_first_at_one_instant():
    events = some(12)
    wanted = rows_of(run([events]))
    other = sorted(events, key=lambda one: (one[0], one[1] == "a"))  # b before a at each ts
    assert rows_of(run([events], panel=False)) == rows_of(run([other], panel=False)) == wanted


def test_a_third_symbol_changes_nothing():
    events = some(13)
    stage, kept = begun()
    batch = next(batches(events, True))
    third = _batch(batch.schema, [one for event in sorted(events, key=lambda one: one[:2]) for one in (event, event)])
    codes = third.view("symbol")
    for i in range(0, third.n, 2):
        codes[i] = 2
        third.view("mid")[i] = 7.0
    stage.schema(batch.schema)
    stage.rows(Batch(third.schema, third.n, third.addresses, third, {"symbol": ["A", "B", "C"]}))
    stage.finish(more=False)
    assert bits(kept.rows_of["factor/A-B/"]) == rows_of(run([events]))


def test_a_row_is_written_when_its_instant_is_over():
    stage, kept = begun()
    batch = next(batches([(1, "a", 2.0), (1, "b", 4.0)], True))
    stage.schema(batch.schema)
    stage.rows(batch)
    stage.mark(1)
    assert not kept.rows_of
    stage.mark(2)
    assert len(kept.rows_of["factor/A-B/"]) == 1
    stage.finish(more=False)
    assert len(kept.rows_of["factor/A-B/"]) == 1


def test_series_that_are_not_laid_together_are_refused():
    with pytest.raises(HqError, match="ts goes back from .* give the two as a panel") as caught:
        run([[(5, "a", 1.0), (6, "a", 1.0), (5, "b", 1.0)]], panel=False)
    assert caught.value.code == DATA


def test_far_values_leave_nothing_behind():
    """A value of 1e17 in between: after it has left, results are as if it had never been there."""
    quiet = [(i * SECOND, which, 9.0 + i % many) for i in range(60) for which, many in (("a", 7), ("b", 3))]
    wild = [(ts, which, 1e17 if ts == 20 * SECOND and which == "a" else value) for ts, which, value in quiet]
    one, other = run([quiet]), run([wild])
    column = "corr_30s_of_values"
    assert one[40][column] != other[40][column]
    assert [row[column] for row in other[51:]] == pytest.approx([row[column] for row in one[51:]], rel=1e-12)


def test_a_pair_of_a_panel_in_the_shell_goes_on_from_its_state(run, tmp_path):
    for seed, symbol in ((1, "A"), (2, "B")):
        assert run(f"hq-gen books --rows 900 --seed {seed} --symbol {symbol} > {symbol}.hqf", cwd=tmp_path).code == 0
    made, pair = "hq-factors --tick 0.1 mid", "hq-pairs A,B ratio_dev zscore:5s corr:5s leadlag:5s,-2"
    ran = run(
        f"""
        hq-merge A.hqf B.hqf > panel.hqf; {made} --state f1 < panel.hqf | {pair} --state p1 > whole.hqf
        hq-export csv < panel.hqf > panel.csv
        head -800 panel.csv | hq-import | {made} --state f | {pair} --state p > parts.hqf
        (head -1 panel.csv; tail -n +801 panel.csv) | hq-import | {made} --state f | {pair} --state p >> parts.hqf
        hq-diff whole.hqf parts.hqf
        """,
        cwd=tmp_path,
    )
    assert (ran.code, ran.stderr) == (0, ""), ran.stderr
    refused = run(f"{made} < panel.hqf | hq-pairs A,B ratio_dev:2 --state p > /dev/null", cwd=tmp_path)
    assert refused.code == 78, refused.stderr
