"""Hits in strategies: NORMALIZE, VEC_STORE and SIMILARITY over bars, beside a slow form."""

from __future__ import annotations

import math
import random

import pytest
import slow_vectors as slow
from hypothesis import given, settings
from hypothesis import strategies as st
from places import ROOT
from signal_runs import SECOND, Run, bars, strategy
from stores import store_of

from hq_core.errors import HqError

QUARTER, FOUR_HOURS = 900, 14_400


def walk(seed, n):
    rng = random.Random(seed)
    price, found = 100.0, []
    for _ in range(n):
        price = round(price * math.exp(rng.gauss(0, 0.02)), 2)
        found.append(price)
    return found


def rows_of(closes, length, norm, step=QUARTER, horizon=2):
    """A store of the windows of closes: their bar's ts, known `horizon` bars later."""
    shapes = slow.windows(closes, length, norm)
    return [
        ((i + 1) * step * SECOND, 7 * i + 1, (i + 1 + horizon) * step * SECOND, i % 3 - 1, shape.tolist())
        for i, shape in enumerate(shapes)
        if shape is not None
    ]


def hits_of(closes, store, length, norm, method, k, least, step=QUARTER):
    found = []
    for i, shape in enumerate(slow.windows(closes, length, norm)):
        near = [] if shape is None else slow.nearest(store, shape, (i + 1) * step * SECOND, method, k, least)
        found.append(near)
    return found


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 99),
    length=st.integers(2, 6),
    norm=st.sampled_from(slow.NORMS),
    method=st.sampled_from(slow.METHODS),
    k=st.integers(1, 4),
    cut=st.sampled_from((0, 1, 7, 100)),
    odd=st.sets(st.integers(0, 89), max_size=5),
)
def test_hits_are_those_of_the_slow_form(seed, length, norm, method, k, cut, odd):
    closes = walk(seed, 90)
    for i in odd:
        closes[i] = (math.nan, math.inf, closes[max(i - 1, 0)])[i % 3]
    store = rows_of(walk(seed + 1, 60), length, norm)
    shape = f'NORMALIZE(close, {length}, "{norm}")'
    text = (
        f'hit = SIMILARITY(VEC_STORE("near"), {shape}, method="{method}", k={k}, min=0.2)\n'
        "a = hit.score\nb = hit.label\nc = hit.id\nd = hit.count\n"
        "IF hit THEN BUY(META(ts=hit.ts, there=hit.score > 0.5))\n"
        "IF NOT hit THEN SELL(META(ts=hit.ts, there=hit > 0.5))\n"
    )
    run = Run(strategy(text, keep=["hit", "a", "b", "c", "d"], stores={"near": store_of(store)})).announce("15m")
    run.feed("15m", bars(closes), cut=cut).finish()
    wanted = hits_of(closes, store, length, norm, method, k, 0.2)
    for row, near in zip(run.rows["bar/X/15m"], wanted, strict=True):
        scores = [score for score, _ in near]
        if any(abs(score - 0.2) < 1e-6 for score in scores):  # a value of float32 more or less decides
            continue
        assert row["d"] == len(near)
        if near:
            assert row["hit"] == row["a"] == pytest.approx(scores[0], rel=1e-6, abs=1e-6)
        else:
            assert all(math.isnan(row[name]) for name in ("hit", "a", "b", "c"))
    ts = {row[1]: row[0] for row in store}
    orders = {(row["ts"], row["side"]): row for row in run.orders()}
    for row in run.rows["bar/X/15m"]:
        side = "short" if math.isnan(row["hit"]) else "long"
        order = orders[row["ts"], side]
        assert order["meta.ts"] == (0 if math.isnan(row["hit"]) else ts[int(row["c"])])
        assert order["meta.there"] == float(row["hit"] > 0.5)


CONDITIONS = """
hit = SIMILARITY(VEC_STORE("near"), NORMALIZE(close, 4), min=0.9)
up = close > 100
VAR last = hit SEED FALSE
VAR odd = IF(odd[1], NOT hit, hit) SEED FALSE
there = hit.count > 0
label = hit.label
a = IF(hit, 2, 1)
b = COUNT(hit, 5)
c = BARSSINCE(hit)
d = VALUEWHEN(hit, close, 2)
e = hit AND NOT hit[1]
f = IF(up, hit, FALSE)
g = hit == up
h = up != hit
i = hit[3].label
j = 0.95 < hit <= 1
k = hit[1] > 0.95
PLOT("m", hit)
"""


def test_a_hit_is_a_condition_wherever_one_may_stand():
    closes = walk(3, 90)
    store = rows_of(walk(4, 90), 4, "zscore")
    names = ["hit", "up", "last", "odd", "there", "label", *"abcdefghijk"]
    run = Run(strategy(CONDITIONS, keep=names, stores={"near": store_of(store)})).announce("15m")
    run.feed("15m", bars(closes)).finish()
    rows = run.rows["bar/X/15m"]
    there = [row["there"] == 1 for row in rows]
    assert 20 < sum(there) < 80
    odd, before = False, list[int]()
    for at, (row, is_hit, close) in enumerate(zip(rows, there, closes, strict=True)):
        odd = is_hit != odd
        before += [at] * is_hit
        was = there[at - 1] if at else False
        score = rows[at - 1]["hit"] if at else math.nan
        assert (row["last"], row["odd"], row["a"], row["e"]) == (is_hit, odd, 1 + is_hit, is_hit and not was)
        assert (row["f"], row["g"], row["h"]) == (
            close > 100 and is_hit,
            is_hit == (close > 100),
            is_hit != (close > 100),
        )
        assert (row["j"], row["k"]) == (0.95 < row["hit"] <= 1, score > 0.95)
        since = at - before[-1] if before else math.nan
        value = closes[before[-2]] if len(before) > 1 else math.nan
        label = rows[at - 3]["label"] if at >= 3 else math.nan
        assert [row["c"], row["d"], row["i"], row["m"]] == pytest.approx([since, value, label, row["hit"]], nan_ok=True)
        if at >= 4:
            assert row["b"] == sum(there[at - 4 : at + 1])


def test_labels_of_several_are_their_mean():
    store = [(1, 1, 1, 1, [1, 2, 4]), (2, 2, 2, 1, [1, 2, 4]), (3, 3, 3, -1, [1, 2, 4.1]), (4, 4, 4, 5, [4, 2, 1])]
    text = (
        'hit = SIMILARITY(VEC_STORE("near"), NORMALIZE(close, 3, "none"), k=10, min=0.99)\nb = hit.label\nd = hit.count'
    )
    run = Run(strategy(text, keep=["b", "d"], stores={"near": store_of(store)})).announce("15m")
    run.feed("15m", bars([1.0, 2.0, 4.0])).finish()
    assert [(row["b"], row["d"]) for row in run.rows["bar/X/15m"]][2] == (pytest.approx(1 / 3), 3.0)


def test_a_hit_on_the_bars_of_another_period_is_carried_to_the_finer_ones_to_the_nanosecond():
    coarse, fine = walk(3, 40), walk(4, 640)
    store = [
        (ts + 1, id_, avail, label, shape) for ts, id_, avail, label, shape in rows_of(coarse, 5, "zscore", FOUR_HOURS)
    ]
    text = (
        "shape = NORMALIZE(close@4h, length=5)\n"
        'hit = SIMILARITY(VEC_STORE("near"), shape, min=0.5)\n'
        "IF hit THEN BUY(META(ts=hit.ts, id=hit.id))\nIF hit AND NOT hit > 2 AND hit.label >= -1 THEN CLOSE_LONG\n"
    )
    run = Run(strategy(text, keep=["hit"], stores={"near": store_of(store)})).announce("4h", "15m")
    for i, row in enumerate(bars(coarse, FOUR_HOURS)):
        run.feed("4h", [row]).feed("15m", bars(fine, QUARTER)[16 * i + 15 : 16 * i + 31])
    run.finish()
    wanted = hits_of(coarse, store, 5, "zscore", "cosine", 1, 0.5, FOUR_HOURS)
    held = {i: near[0] for i, near in enumerate(wanted) if near}
    meta = {told["ts"]: told for told in run.orders() if told["side"] == "long" and told["action"] == "open"}
    rows = run.rows["bar/X/15m"]
    assert held
    assert len(meta) > 16
    for row in rows:
        bar = row["ts"] // (FOUR_HOURS * SECOND) - 1
        if bar in held:
            assert row["hit"] == pytest.approx(held[bar][0], abs=1e-12)
            assert meta[row["ts"]]["meta.ts"] == held[bar][1][0]
            assert meta[row["ts"]]["meta.id"] == held[bar][1][1]
        else:
            assert math.isnan(row["hit"])
            assert row["ts"] not in meta


def test_two_vectors_are_compared_row_by_row():
    closes, opens = walk(1, 40), walk(2, 40)
    opens[10] = math.nan
    text = 'x = SIMILARITY(NORMALIZE(close, 4), NORMALIZE(open, 4, "l2"), method="correlation")\nIF x > 0.5 THEN BUY'
    rows = [{**row, "open": other} for row, other in zip(bars(closes), opens)]
    run = Run(strategy(text, keep=["x"])).announce("15m").feed("15m", rows, cut=3).finish()
    mine, theirs = slow.windows(closes, 4, "zscore"), slow.windows(opens, 4, "l2")
    for row, a, b in zip(run.rows["bar/X/15m"], mine, theirs):
        score = None if a is None or b is None else slow.alike(a, b, "correlation")
        assert math.isnan(row["x"]) if score is None else row["x"] == pytest.approx(score, abs=1e-9)


def test_a_forming_bar_is_looked_at_and_leaves_no_trace():
    closes = walk(1, 20)
    store = {"near": store_of(rows_of(walk(5, 30), 4, "zscore", horizon=0))}
    text = 'hit = SIMILARITY(VEC_STORE("near"), NORMALIZE(close, 4), min=-1)'
    plain = Run(strategy(text, keep=["hit"], stores=store)).announce("15m").feed("15m", bars(closes)).finish()
    rows = []
    for row in bars(closes):
        rows += [row, {**row, "close": 3.0, "complete": 0}]
    mixed = Run(strategy(text, keep=["hit"], stores=store)).announce("15m").feed("15m", rows).finish()
    whole = [row["hit"] for row in mixed.rows["bar/X/15m"] if row["complete"]]
    assert str(whole) == str(plain.column("hit"))
    assert not all(math.isnan(row["hit"]) for row in mixed.rows["bar/X/15m"] if not row["complete"])


def test_rules_are_told_with_the_time_of_the_hit():
    told = []
    closes = walk(1, 12)
    store = rows_of(closes, 4, "zscore", horizon=1)
    text = 'hit = SIMILARITY(VEC_STORE("near"), NORMALIZE(close, 4), min=-1)\nIF close > 0 THEN SELL(META(ts=hit.ts))'
    stage = strategy(text, stores={"near": store_of(store)}, tell=told.append)
    Run(stage).announce("15m").feed("15m", bars(closes)).finish()
    near = hits_of(closes, store, 4, "zscore", "cosine", 1, -1)
    assert [one["meta"]["ts"] for one in told] == [one[0][1][0] if one else None for one in near]


def test_a_state_goes_on_and_one_of_another_store_is_told_apart():
    closes = walk(1, 40)
    store = store_of(rows_of(walk(5, 40), 4, "zscore"))
    text = 'hit = SIMILARITY(VEC_STORE("near"), NORMALIZE(close, 4), min=-1)\nIF hit THEN BUY'
    whole = Run(strategy(text, keep=["hit"], stores={"near": store})).announce("15m").feed("15m", bars(closes)).finish()
    first = strategy(text, keep=["hit"], stores={"near": store})
    one = Run(first).announce("15m").feed("15m", bars(closes)[:17]).finish(more=True)
    second = strategy(text, keep=["hit"], stores={"near": store})
    two = Run(second, first.save()).announce("15m").feed("15m", bars(closes)[17:]).finish()
    assert str(one.column("hit") + two.column("hit")) == str(whole.column("hit"))
    assert first.inputs["store near"] == store.digest
    other = store_of(rows_of(walk(6, 40), 4, "zscore"))
    assert strategy(text, stores={"near": other}).inputs["store near"] != store.digest


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('x = VEC_STORE("nea")', "no store 'nea' is given, did you mean 'near'?"),
        ('x = VEC_STORE("4h_BTC")', "no store '4h_BTC' is given; pass --store 4h_BTC=FILE"),
        ("x = VEC_STORE(close)", "VEC_STORE wants a text, this is a price"),
        ("x = NORMALIZE(3)", "NORMALIZE reads a series, this is a number"),
        ("x = NORMALIZE(MACD())", "NORMALIZE reads a series, this is a call with several outputs; pick an output"),
        ("x = NORMALIZE(close, length=1.5)", "length is 1.5, must be a whole number from 2 to 4096"),
        (
            'x = NORMALIZE(close, method="zscor")',
            "must be one of none, zscore, minmax, l2, first, did you mean 'zscore'?",
        ),
        ("x = NORMALIZE(close, len=3)", "NORMALIZE has no 'len', did you mean 'length'?"),
        ("x = NORMALIZE(close, 3, length=3)", "length is given twice"),
        (
            'x = SIMILARITY(VEC_STORE("near"), NORMALIZE(close, 4))',
            "this vector has 4 values, those of 'near' have 5; say",
        ),
        ('x = SIMILARITY(VEC_STORE("near"), close)', "SIMILARITY wants a vector, this is a price; NORMALIZE(close"),
        (
            'x = SIMILARITY(VEC_STORE("near"), NORMALIZE(close, 5), method="dot")',
            "a dot product has no scale of its own",
        ),
        (
            'x = SIMILARITY(VEC_STORE("near"), NORMALIZE(close, 5), k=0)',
            "k is 0, must be a whole number from 1 to 1000",
        ),
        (
            'x = SIMILARITY(VEC_STORE("near"), NORMALIZE(close, 5), min=close)',
            "min wants a number that is known beforehand",
        ),
        (
            'x = SIMILARITY(VEC_STORE("near"), NORMALIZE(close, 5)) + 1',
            "pick an output: .score, .label, .ts, .id, .count",
        ),
        (
            'x = SIMILARITY(VEC_STORE("near"), NORMALIZE(close, 5))[1].ts',
            "no output 'ts'; pick an output: .score, .label, .id, .count",
        ),
        (
            'x = IF(SIMILARITY(VEC_STORE("near"), NORMALIZE(close, 5)), 1, close > 2)',
            "IF chooses between two numbers or two conditions",
        ),
        ('x = SIMILARITY(VEC_STORE("near"), NORMALIZE(close, 5)).tss', "no output 'tss', did you mean 'ts'?"),
        ('x = SIMILARITY(VEC_STORE("near"), NORMALIZE(close, 5)).ts > 1', "'>' compares time with number"),
        ('IF VEC_STORE("near") THEN BUY', "IF wants a condition, this is a store"),
        ("IF NORMALIZE(close) THEN BUY", "IF wants a condition, this is a vector of 30"),
        ("x = SMA(NORMALIZE(close), 3)", "SMA reads a series, this is a vector of 30"),
        ("x = NORMALIZE(close) == NORMALIZE(close)", "'==' compares vector of 30 with vector of 30"),
        (
            "IF close > 0 THEN BUY(META(v=NORMALIZE(close)))",
            "META takes numbers, conditions, times and texts, no vector",
        ),
        ("x = SIMILARITY(NORMALIZE(close, 3), NORMALIZE(open, 4))", "this vector has 4 values, the other one has 3"),
        ("x = SIMILARITY(NORMALIZE(close), NORMALIZE(open), k=2)", "k= is of a store"),
        ("x = SIMILARITY(NORMALIZE(close), NORMALIZE(close@4h))", "the two vectors are of rows of different series"),
    ],
)
def test_what_is_wrong_is_told_at_its_place(text, told):
    with pytest.raises(HqError) as error:
        strategy(text, stores={"near": store_of([(1, 1, 1, 1, [1, 2, 3, 4, 5])])})
    assert told in str(error.value)
    assert str(error.value).startswith("s.hq:1:")


@pytest.mark.parametrize(("name", "what"), [("a", "store"), ("b", "vector of 30")])
def test_what_is_no_column_is_not_kept(name, what):
    text = 'a = VEC_STORE("near")\nb = NORMALIZE(close)'
    with pytest.raises(HqError, match=f"'{name}' is a {what}, which is no column"):
        strategy(text, keep=[name], stores={"near": store_of([(1, 1, 1, 1, [1, 2])])})


@pytest.mark.parametrize("option", ["--check", "--list-params", "--format", "--check --columns close"])
def test_what_is_not_run_needs_no_store(run, option: str) -> None:
    python = "" if option == "--format" else " --python examples/strategies/minimal.py:MyStrategy"
    for more in ("", python):
        found = run(f"hq-signal {option} examples/vectors.hq{more}", cwd=ROOT)
        assert found.code == 0, found.stderr


@pytest.mark.parametrize("option", ["", "--explain", "--check --sample /dev/null", "--check --store near=b.hqf"])
def test_what_is_run_and_what_is_given_others_does(run, tmp_path, option: str) -> None:
    made = run("hq-gen bars --rows 200 --seed 1 | hq-vector build --length 30 --horizon 2 > b.hqf", cwd=tmp_path)
    assert made.code == 0, made.stderr
    found = run(f"hq-gen bars --rows 5 --seed 1 | hq-signal {option} {ROOT}/examples/vectors.hq", cwd=tmp_path)
    assert found.code == 65
    assert "no store '4h_BTC' is given; pass --store 4h_BTC=FILE" in found.stderr
