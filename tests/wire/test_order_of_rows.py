"""Order and duplicates: within a series ts never goes back and a kind's key never repeats, whatever the source."""

from __future__ import annotations

import random
import re

import frames
import promises
import pytest
from slow_order import first_wrong

from hq_core.batch import Batch, Schema
from hq_core.errors import DATA, HqError
from hq_core.order import RowOrder
from hq_core.roles import Stage
from hq_core.saved import Damaged, shaped
from hq_core.specs import expand
from hq_core.stages.indicators import Indicators
from hq_core.statefile import CONTENT

T0 = 1_704_067_200 * 10**9
MINUTE = 60 * 10**9
READERS = ("hq-indicators sma:2", "hq-import", "hq-export csv", "hq-aggregate 5m", "hq-signal s.hq", "hq-backtest")
DAYS = [
    frames.flat_bars(
        [float(10 * day + k + 1) for k in range(8)], step_s=60, start_s=1_704_067_200 + 86_400 * day, period="1m"
    )
    for day in range(2)
]


@pytest.fixture
def days(tmp_path):
    for number, day in enumerate(DAYS):
        (tmp_path / f"day{number}.hqf").write_bytes(frames.frames(day))
    (tmp_path / "s.hq").write_text("IF close > 0 THEN BUY")
    return tmp_path


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("line", ["day1.hqf day0.hqf", "day0.hqf day0.hqf"], ids=["backwards", "twice"])
def test_sections_that_go_back_in_time_are_refused_by_every_reader(reader, line, days, run):
    given = f"cat {line}" if reader != "hq-backtest" else f"(for f in {line}; do hq-signal s.hq < $f; done)"
    good = run(f"{given.replace('day1.hqf day0', 'day0.hqf day1').replace('0.hqf day0', '0.hqf day1')} | {reader}")
    assert good.code == 0, good.stderr
    ran = run(f"{given} | {reader}")
    assert ran.code == DATA
    error = ran.stderr.splitlines()[0]
    first = "order/BTCUSDT/1m row 17" if reader == "hq-backtest" else "bar/BTCUSDT/1m row 9"
    assert re.search(rf"{first}: ts goes back from 2024-01-0[12]T00:08:00Z to 2024-01-01T00:01:00Z", error)
    assert "--order sort" in error
    assert ran.stdout  # the rows before it are good


@pytest.mark.parametrize("format_", ["csv", "tsv", "jsonl", "json", "npz", "parquet", "arrow"])
def test_a_bar_that_is_there_twice_is_refused_in_every_format(format_, run):
    schema, rows = DAYS[0]
    twice = frames.frames((schema, [*rows[:3], rows[2], *rows[3:]]))
    made = run(f"python -c '{WRITE}' {format_}", twice)
    assert made.code == 0, made.stderr
    ran = run("hq-indicators sma:2 | hq-export csv", made.stdout)
    assert ran.code == DATA
    assert ran.stderr.startswith(
        "hq-indicators: bar/BTCUSDT/1m row 4: open_time 2024-01-01T00:02:00Z is there a second time "
        "(ts 2024-01-01T00:03:00Z, after ts 2024-01-01T00:03:00Z); hq-import --dedupe exact"
    )
    assert ran.text.count("\n") == 1 + 3


# an export without the check, as another program would write such a file
WRITE = """
import sys
from hq_core.stages import export
from hq_core.wire import Reader
export.ordered = iter
export.Export(sys.argv[1], 1).run(Reader(0))
"""


def test_a_file_with_the_newest_row_first_is_refused(run):
    rows = "".join(f"{1_704_067_200_000 + k * 1000},1,1\n" for k in range(9, 0, -1))
    ran = run("hq-import", b"ts_ms,price,qty\n" + rows.encode())
    assert ran.code == DATA
    assert "trade// row 2: ts goes back from 2024-01-01T00:00:09Z to 2024-01-01T00:00:08Z" in ran.stderr


def test_the_state_remembers_the_order_from_run_to_run(days, run):
    one = run("cat day0.hqf day1.hqf | hq-indicators sma:2 | hq-export csv")
    assert run("hq-indicators sma:2 --state s < day0.hqf > out").code == 0
    assert run("cp s before && hq-indicators sma:2 --state s < day1.hqf >> out && hq-export csv < out").text == one.text
    again = run("hq-indicators sma:2 --state before < day0.hqf")
    assert again.code == DATA
    assert "row 9: ts goes back from 2024-01-01T00:08:00Z to 2024-01-01T00:01:00Z" in again.stderr


def test_lateness_and_diff_read_unchecked(run):
    schema, rows = frames.trades([(T0 + k * 10**9, 1.0, 1.0) for k in (0, 2, 1, 3, 400)])
    data = frames.frames((schema, rows))
    assert run("hq-aggregate 1m", data).code == DATA
    assert run("hq-aggregate 1m --lateness 5s", data).code == 0
    assert run("cat > a; hq-diff a a", data).code == 0


def test_a_forming_bar_comes_again_and_again(run):
    """Rows with complete=0 are neither looked at nor remembered."""
    times = "ts open_time close complete"
    end = T0 + MINUTE
    rows = [
        (T0 + 1, T0, 1.0, 0),
        (end, T0, 2.0, 0),
        (T0 + 1, T0, 1.0, 0),
        (end, T0, 3.0, 1),
        (end + MINUTE, end, 4.0, 0),
        (end + 5, end, 4.0, 0),
        (end + MINUTE, end, 5.0, 1),
    ]
    stream = frames.frames(frames.bars(rows, times, period="1m"))
    assert run("hq-indicators sma:2 | hq-export csv", stream).text.count("\n") == 8
    wrong = frames.frames(frames.bars([*rows, (end + 6, end, 1.0, 0), rows[-1]], times, period="1m"))
    assert "row 9: open_time 2024-01-01T00:01:00Z is there a second time" in run("hq-indicators sma:2", wrong).stderr


@pytest.mark.parametrize(
    ("ids", "wrong"),
    [
        ((1, 2, 3, 4), None),
        ((3, 4, 1, 2), None),  # ids rise among trades of one ts, and only there
        ((1, 1, 3, 4), "row 2: id 1 is there a second time"),
        ((1, 2, 2, 4), "row 3: id 2 is there a second time"),
        ((2, 1, 3, 4), "row 2: id goes back from 2 to 1"),
        ((0, 0, 0, 0), None),
        ((-1, -1, -1, -1), None),
        ((5, 0, 6, 0), None),
        ((5, 0, 5, 0), "row 3: id 5"),
    ],
)
def test_ids_of_trades_rise_within_a_ts_and_below_1_are_none(ids, wrong):
    rows = [(T0 + k // 2, 1.0, 1.0, id_) for k, id_ in enumerate(ids)]
    found = _problem(*frames.trades(rows, "ts price qty id"))
    assert (found is None) if wrong is None else wrong in found


@pytest.mark.parametrize(
    ("columns", "rows", "wrong"),
    [
        ("ts close", [(5, 1.0), (5, 1.0)], "row 2: ts "),  # bars of a period that do not say when they open
        ("ts open_time close", [(5, 1, 1.0), (5, 2, 1.0), (5, 2, 1.0)], "row 3: open_time "),
        ("ts open_time close", [(5, 2, 1.0), (6, 1, 1.0)], "row 2: open_time goes back from"),
        ("close volume", [(1.0, 1.0), (1.0, 1.0)], None),  # no ts, no order
    ],
)
def test_bars_open_one_after_the_other(columns, rows, wrong):
    found = _problem(*frames.bars(rows, columns))
    assert (found is None) if wrong is None else re.search(wrong, found)


def test_kinds_without_a_key_may_repeat_rows_but_not_go_back():
    quote = Schema("quote", "X", "", [("ts", "i8"), ("bid", "f8")])
    assert _problem(quote, [(1, 1.0), (1, 1.0), (2, 1.0)]) is None
    assert "goes back from" in _problem(quote, [(2, 1.0), (1, 1.0)])
    assert _problem(Schema("note", "X", "", [("ts", "f8")]), [(2.0,), (1.0,)]) is None  # no int64, no order


def test_a_symbol_is_paid_funding_once_at_a_time():
    funding = Schema("funding", "X", "", [("ts", "i8"), ("rate", "f8")])
    assert _problem(funding, [(1, 0.1), (2, 0.1)]) is None
    assert "is there a second time" in _problem(funding, [(1, 0.1), (2, 0.1), (2, 0.2)])


@pytest.mark.parametrize("seed", range(6))
def test_any_cut_finds_what_a_slow_check_finds(seed):
    """Rows that are nearly in order, in one batch or many, with forming ones between; also from a saved memory."""
    rng = random.Random(seed)
    for kind, columns in (("bar", "ts open_time complete"), ("trade", "ts id"), ("trade", "ts")):
        for _ in range(60):
            rows, ts = [], 0
            for k in range(rng.randrange(1, 40)):
                ts += rng.choice((0, 1, 1, 1)) if kind == "trade" else 1
                id_ = rng.choice((k + 1, k + 1, k + 1, k + 1, 0, rng.randrange(40))) if rng.random() < 0.3 else k + 1
                row = {
                    "ts": ts - (rng.random() < 0.02),
                    "open_time": ts - rng.choice((1,) * 30 + (2,)),
                    "id": id_,
                    "complete": int(rng.random() < 0.9),
                }
                rows.append(tuple(row[name] for name in columns.split()))
            types = {"ts": "i8", "open_time": "i8", "id": "i8", "complete": "b1"}
            schema = Schema(kind, "X", "1m" if kind == "bar" else "", [(name, types[name]) for name in columns.split()])
            good = first_wrong(kind, columns.split(), rows)
            for each in (len(rows), 1, 7):
                assert _good(schema, rows, each) == good, (rows, each)


@pytest.mark.parametrize("turns", ["AAABBBAC", "ABABBACA", "AABABBCC"])
def test_rows_that_lie_at_one_place_are_those_of_their_series(turns):
    """Whose rows came before at a place, and how many, says nothing of those that lie there now."""
    column = [("ts", "i8"), ("price", "f8")]
    schemas = {name: Schema("quote", name, "", column) for name in "ABC"}
    pieces = [(schemas[name], [(10 + k, 1.0)]) for k, name in enumerate(turns)]
    assert promises.run_one_by_one(Stage(), pieces)
    for name in set(turns):
        late = [*pieces, (schemas[name], [(9, 1.0)])]
        with pytest.raises(HqError, match=f"quote/{name}/ row {turns.count(name) + 1}: ts goes back"):
            promises.run_one_by_one(Stage(), late)


def test_good_rows_before_a_bad_one_are_handed_on():
    schema, rows = DAYS[0]
    bad = frames.frames((schema, [*rows, rows[0]]))
    out = promises.run(Indicators(list(expand("sma:2"))), bad, break_ok=True)
    assert len(promises.said_before_it_breaks(out)["bar/BTCUSDT/1m"]["ts"]) == 8 * len(rows)


@pytest.mark.parametrize("saved", [[], {"a": [1]}, {"a": 5}, {"a": ["x"] * 6}, {"a": [2**70] * 6}])
def test_a_memory_that_cannot_be_is_refused(saved):
    with pytest.raises(Damaged):
        RowOrder().load(shaped(saved, CONTENT["order"]))


def _batches(schema, rows, each):
    for kind, item in frames.items(frames.frames((schema, rows), each=each)):
        if kind == "rows":
            yield item


def _good(schema, rows, each):
    """How many rows pass, by an Order whose memory is saved and loaded before each batch."""
    order, passed = RowOrder(), 0
    for batch in _batches(schema, rows, each):
        assert isinstance(batch, Batch)
        before, order = order, RowOrder()
        order.load(before.save())
        good, wrong = order.check(batch)
        passed += good
        if wrong:
            return passed
    return passed


def _problem(schema, rows):
    order = RowOrder()
    for batch in _batches(schema, rows, len(rows)):
        _, wrong = order.check(batch)
        return wrong or None
    return None


def test_an_id_below_one_is_none_for_hq_aggregate_too(run):
    """There is one rule of ids: 5, 0, 6 at one ts pass the order check, and nothing behind it says otherwise."""
    start = 1_600_000_020 * 10**9
    rows = [(start + at, 100.0 + at, 1.0, id_) for at, id_ in ((0, 5), (0, 0), (0, 6), (60 * 10**9, 7))]
    sent = frames.frames(frames.trades(rows, "ts price qty id"))
    done = run("hq-aggregate 1m --slack-start 1s | hq-export csv --columns trades", sent)
    assert (done.code, done.text) == (0, "symbol,trades\nBTCUSDT,3\n")
