"""A state is never believed: whatever stands in it, the answer is one line and 65, or rows; no signal, no bug of ours.

Each run tries a seeded choice of values; HQ_TRIALS=full tries all, which is for a night.
"""

from __future__ import annotations

import json
import math
import os
import struct
import threading

import indicator_runs
import msgpack
import numpy as np
import promises
import pytest
import state_attacks
import venue_market
from filters import FILTERS
from inputs import descriptor

from hq_core import VERSION, statefile
from hq_core import saved as shapes
from hq_core.errors import DATA, HqError
from hq_core.flow import Flow, State, open_input
from hq_core.wire import Reader

TREES = [
    ("median", {"period": 700}),
    ("mad", {"period": 700}),
    ("avgdev", {"period": 700}),
    ("percentrank", {"period": 2100}),
    ("quantile", {"period": 700}),
]
EACH = [(name, {}) for name in indicator_runs.NAMES] + [one for one in TREES if one[0] in indicator_runs.NAMES]


# -- indicators ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("part", range(8))
def test_no_word_of_an_indicator_s_memory_leads_out_of_it(part):
    columns = indicator_runs.bars(130, 5)
    for name, params in EACH[part::8]:
        ran = indicator_runs.IndicatorRun(name, params)
        ran.push(columns)
        saved = ran.save()
        lengths = [value for value in ran.params.values() if type(value) is int]
        near = (len(saved) // 8, *(length + by for length in lengths for by in (-1, 0, 1)))
        trials = state_attacks.some(state_attacks.words(saved, near), 60, name)
        few = {key: column[:70] for key, column in columns.items()}

        def attempt(trial, ran=ran, saved=saved, few=few):
            ran.load(state_attacks.with_word(saved, *trial))
            ran.push(few)

        assert not state_attacks.in_child(trials, attempt), name


@pytest.mark.parametrize("name", ["median", "mad", "avgdev"])
def test_a_large_window_s_own_memory_is_taken(name):
    """The check of the tree in it refuses none that a run leaves: nan, infinity, ties, and before it is full."""
    columns = indicator_runs.rough()
    columns["close"][200:230] = -0.0
    ran = indicator_runs.IndicatorRun(name, {"period": 600})
    again = indicator_runs.IndicatorRun(name, {"period": 600})
    for start in range(0, 260 * 4, 65):
        piece = {key: np.roll(column, -start)[:65] for key, column in columns.items()}
        again.load(ran.save())
        assert indicator_runs.bits(ran.push(piece)) == indicator_runs.bits(again.push(piece))


def test_a_window_s_head_beyond_its_ring_is_refused():
    """What segv.state of the attack holds."""
    ran = indicator_runs.IndicatorRun("median", {"period": 5})
    saved = state_attacks.with_word(ran.save(), 0, (1 << 40).to_bytes(8, "little"))
    with pytest.raises(HqError, match=r"quantile_in_array: head is 1099511627776, must be 0 to 4"):
        ran.load(saved)


def test_the_volume_profile_of_a_range_that_overflows_stays_in_its_bins():
    """Two prices of a state that are each a float64, and not their distance."""
    columns = indicator_runs.bars(60)
    ran = indicator_runs.IndicatorRun("volume_profile", {"period": 20})
    ran.push(columns)
    ring = 8 * next(len(node.kernel.fields) for node in ran.graph.nodes if node.ring)
    saved = state_attacks.with_word(ran.save(), ring + 8, struct.pack("<d", 1.7e308))

    def attempt(low):
        ran.load(state_attacks.with_word(saved, ring + 16, struct.pack("<d", low)))
        assert math.isnan(ran.push(columns, 0, 1)[0][0])

    assert not state_attacks.in_child([-1.7e308], attempt)


# -- filters ---------------------------------------------------------------------------------------------------------
def feeding():
    """Indicators that read a coarser series and another symbol's: values wait for rows and rows for values."""
    from hq_core.specs import parse
    from hq_core.stages.indicators import Indicators

    return Indicators([parse(text) for text in ("ema:3(close@5m)", "sma:2(close@ETHUSDT)", "median:3")])


def two_series():
    from filters import bars

    from hq_core.batch import Schema

    schema, rows = bars(1, 60)
    slow, slow_rows = bars(2, 12, "5m", 5 * 60_000_000_000)
    other = Schema("bar", "ETHUSDT", "1m", schema.cols)
    announced = [(one, []) for one in (slow, schema, other)]
    return promises.stream([*announced, (slow, slow_rows), (schema, rows), (other, rows[:20])])


def zoned():
    from hq_core.stages.aggregate import Aggregate

    return Aggregate("1h:1d", fill="flat", max_gap="1h", tz="Europe/London")


def stopped(go, path, first, second):
    """The state that a run leaves which reads `first`, and breaks at `second`."""
    reading, writing = os.pipe()
    over = threading.Event()

    def feed():
        os.write(writing, first)
        while not path.exists() and not over.wait(0.001):
            pass
        os.write(writing, second)
        os.close(writing)

    feeder = threading.Thread(target=feed)
    feeder.start()
    with pytest.raises(HqError):
        promises.on_memory(lambda fd: go(reading, fd))
    over.set()
    feeder.join()
    os.close(reading)
    content = statefile.read(str(path))
    assert content["input"]["ended"] is False
    return content


def stream_of(data):
    return lambda: promises.stream(promises.cut(*data(3, 90), [7]))


CASES = {name: (make, stream_of(data)) for name, (make, data) in FILTERS.items()} | {
    "feeds": (feeding, two_series),
    "zoned": (zoned, stream_of(FILTERS["aggregate"][1])),
}


@pytest.mark.parametrize("name", CASES)
def test_no_value_in_a_filter_s_state_is_a_signal_or_a_bug(name, tmp_path):
    make, given = CASES[name]
    data, path = given(), tmp_path / "s"

    def go(reading, fd):
        Flow(make(), "test", [], reading, fd).run(Reader(reading), State(str(path), 1, {}))

    content = stopped(go, path, data[: len(data) * 2 // 3], b"")
    rest = data[content["input"]["bytes"] :]
    state_attacks.attack(content, rest, path, lambda rest: promises.run(make(), rest, path), 500, name)


def kline(i):
    """A row as the exchange's files have it."""
    at = 1_700_000_040_000 + 60_000 * i
    return [at, 10.0 + i % 5, 13.0 + i % 5, 9.0, 11.0 + i % 3, 3.5, at + 59_999, 38.5, 4, 1.5, 16.5, 0]


KEYS = ("open_time", "open", "high", "low", "close", "volume")
TEXT = {
    "csv": ",".join(KEYS) + "\n" + "".join(",".join(map(str, kline(i)[:6])) + "\n" for i in range(60)),
    "bare csv": "".join(",".join(map(str, kline(i))) + "\n" for i in range(60)),
    "jsonl": "".join(json.dumps({**dict(zip(KEYS, kline(i))), "symbol": "AB"[i % 2]}) + "\n" for i in range(60)),
    "json": json.dumps([kline(i) for i in range(60)]),
}


def imports(path):
    """Any format through hq-import's stage."""
    from hq_core.formats.options import SourceOptions
    from hq_core.stages.imports import Import

    return lambda reading, fd: Flow(Import(SourceOptions()), "test", [], reading, fd).run(
        open_input(reading), State(str(path), 1, {})
    )


def on_bytes(go, data):
    """What is written by a run whose input lies in memory."""
    reading = descriptor(data)
    try:
        return promises.on_memory(lambda fd: go(reading, fd))
    finally:
        os.close(reading)


@pytest.mark.parametrize("name", TEXT)
def test_no_value_in_a_source_s_state_is_a_signal_or_a_bug(name, tmp_path):
    data = TEXT[name].encode()
    path = tmp_path / "s"
    go = imports(path)
    content = stopped(go, path, data[: len(data) * 2 // 3], b"\n{]no number\n")
    assert content["input"]["source"]
    state_attacks.attack(content, data[content["input"]["bytes"] :], path, lambda rest: on_bytes(go, rest), 300, name)


def captured(path, venue):
    """A venue's messages through hq-import's stage."""
    from hq_core.formats import open_source
    from hq_core.stages.imports import Import, options_said

    def go(reading, fd):
        options = options_said({"venue": venue})
        stage = Import(options)
        Flow(stage, "test", [], reading, fd).run(open_source(reading, b"", options), State(str(path), 1, {}))

    return go


@pytest.mark.parametrize("venue", venue_market.MAKERS)
def test_no_value_in_the_state_of_a_capture_is_a_signal_or_a_bug(venue, tmp_path):
    steps = venue_market.market(11, 40)
    data = venue_market.lines(venue_market.MAKERS[venue](steps)[1:])  # without its first book
    path = tmp_path / "s"
    go = captured(path, venue)
    content = stopped(go, path, data[: len(data) * 2 // 3], b"\nno message\n")
    assert content["input"]["source"]["venue"]
    state_attacks.attack(content, data[content["input"]["bytes"] :], path, lambda rest: on_bytes(go, rest), 300, venue)


# -- shapes ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("value", "shape", "says"),
    [
        ({"a": 1}, {"a": int, "b": int}, "it has a, must have a, b"),
        ({"a": {"b": [1, None]}}, {"a": {"b": [int]}}, r"a\.b\.1 is a NoneType, must be int"),
        ({"a": -1}, {"a": shapes.Count}, "a is -1, must be a count"),
        ({"a": True}, {"a": int}, "a is True, must be int"),
        ({"a": 1 << 63}, {"a": int}, "a is 9223372036854775808, must be int"),
        ({1: 2}, {str: int}, "key is 1, must be str"),
        ([1, 2, 3], (int, int), "it is a list, must be a list of 2"),
        ("x", [int], "it is a str, must be a list"),
        (b"x", frozenset({list, type(None)}), "it is a bytes, must be NoneType or list"),
    ],
)
def test_what_has_not_its_shape_is_named(value, shape, says):
    with pytest.raises(shapes.Damaged, match=says):
        shapes.shaped(value, shape)


def write_with_digest(path, packed):
    digest = statefile._blake()
    digest.update(packed)
    path.write_bytes(statefile.MAGIC + digest.digest() + packed)
    path.chmod(0o600)


@pytest.mark.parametrize(
    "packed",
    [
        b"",
        b"\xc0",
        b"\x91\x01",
        b"\xdd\xff\xff\xff\xff",
        b"\xdf\xff\xff\xff\xff",
        b"\xc6\xff\xff\xff\xff",
        b"\x91" * 4000 + b"\xc0",
        b"\x81\xc0\xc0",
        b"\x81\x90\xc0",
        b"\xd6\xff\0\0\0\0",
        b"\xd8\xff" + b"\xff" * 16,
        msgpack.packb({"version": [1]}),
        msgpack.packb({"version": VERSION}),
        b"\xa4\xff\xff\xff\xff",
    ],
)
def test_content_that_is_no_content_is_damaged(packed, tmp_path, run):
    write_with_digest(tmp_path / "s", packed)
    with pytest.raises(HqError, match=r"state .*s: is damaged: .*; remove it to start anew") as refused:
        statefile.read(str(tmp_path / "s"))
    assert refused.value.code == DATA


def test_a_damaged_state_is_one_line_and_its_cause_shows_with_debug(run, tmp_path):
    assert run("hq-gen bars --rows 9 --seed 1 | hq-indicators sma:3 --state s > /dev/null").code == 0
    content = statefile.read(str(tmp_path / "s"))
    del content["stage"]["heard"]
    statefile.write(str(tmp_path / "s"), content)
    ran = run("hq-gen bars --rows 9 --seed 1 | hq-indicators sma:3 --state s > /dev/null")
    assert (ran.code, ran.stderr) == (
        65,
        (
            "hq-indicators: state s: is damaged: it has units, announced, feeds, must have units, heard, announced, "
            "feeds; "
            "remove it to start anew\n"
        ),
    )
    unit = {"graph": b"", "passed": 0, "feeds": [], "pending": [], "orders": [], "together": []}
    content["stage"] = {"units": {"bar/BTCUSDT/1m": unit}, "heard": [], "announced": [], "feeds": []}
    statefile.write(str(tmp_path / "s"), content)
    ran = run("hq-gen bars --rows 9 --seed 1 | hq-indicators sma:3 --state s --debug > /dev/null")
    assert ran.code == 65
    assert "a graph's state has 0 bytes, 48 wanted" in ran.stderr.splitlines()[0]
    assert "Traceback" in ran.stderr


def test_what_a_state_says_of_the_account_s_terms_is_not_taken(tmp_path):
    """The command line says them."""
    from hq_core.futures.engine import Account
    from hq_core.futures.terms import Terms

    account = Account(Terms(pyramid=5))
    other = Account(Terms(pyramid=20))
    account.load(other.save())
    assert account.state.pyramid == 5
