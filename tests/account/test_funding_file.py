"""hq-backtest --funding: an exchange's history beside the stream, and what it is when a rate is not there."""

from __future__ import annotations

import gzip
import json
import math
from fractions import Fraction

import promises
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_backtest import INF, MINUTE, NAN, SIGNALS, START, command, flat, report_of, rows, table

from hq_core.batch import Schema
from hq_core.errors import CONFIG, DATA, NOINPUT, USAGE, HqError
from hq_core.futures.dues import LATE, Due, Dues
from hq_core.futures.terms import Terms
from hq_core.saved import Damaged
from hq_core.stages.backtest import BacktestStage

HOUR = 60 * MINUTE
DAY = 24 * HOUR
MIDNIGHT = START // DAY * DAY + DAY
FUNDING = Schema("funding", "BTCUSDT", "", (("ts", "i8"), ("rate", "f8"), ("mark_price", "f8")))
HERE = settings(max_examples=20, deadline=None)
KINDS = ("fill", "payment", "position", "liquidation", "equity", "order_state")


def minute(ts):
    """The row whose bar ends at a ts."""
    return (ts - START) // MINUTE - 1


def csv_of(due):
    lines = [f"{ts // 10**6},{rate!r},{'' if mark != mark else repr(mark)}" for ts, rate, mark in due]
    return "\n".join(["calc_time,last_funding_rate,mark_price", *lines]) + "\n"


def stage(file="", missing="zero", **terms):
    return BacktestStage(
        Terms(pyramid=2, position_mode="hedge", margin="cross", **terms), funding=str(file), funding_missing=missing
    )


def rates(seed, n):
    """A rate each eight minutes or so, some milliseconds late."""
    return [
        (
            START + (8 * k + (k + seed) % 3) * MINUTE + 10**6 * (k % 20),
            0.001 * ((k * 7 + seed) % 11 - 5),
            (NAN, 101.5)[k % 2],
        )
        for k in range(n // 8)
    ]


@given(seed=st.integers(0, 10**6), cuts=st.lists(st.integers(1, 40), min_size=1, max_size=4))
@HERE
def test_a_file_is_paid_as_rows_of_the_stream_to_the_bit(tmp_path_factory, seed, cuts):
    made = rows(seed, 120)
    due = rates(seed, 120)
    file = tmp_path_factory.mktemp("f") / "f.csv"
    file.write_text(csv_of(due))
    beside = promises.run(stage(file), promises.stream(promises.cut(SIGNALS, made, cuts)))
    pieces, start = [], 0
    for piece in promises.cut(SIGNALS, made, cuts):  # each row of funding before the bars that end no earlier
        end = max(one[0] for one in piece[1])
        pieces += [(FUNDING, some)] if (some := [one for one in due if start < one[0] <= end]) else []
        pieces.append(piece)
        start = end
    within = promises.run(stage(), promises.stream([(FUNDING, []), *pieces]))
    assert table(beside, "payment") or not table(beside, "fill")
    for kind in KINDS:
        assert repr(table(beside, kind)) == repr(table(within, kind))
    assert table(beside, "funding") == []
    for row in table(beside, "equity"):
        ledger = 1000.0 + row["realised"] - row["fees"] + row["funding"] + row["insurance"]
        assert math.isclose(row["wallet"], ledger, rel_tol=1e-12, abs_tol=1e-9)


@given(seed=st.integers(0, 10**6), share=st.floats(0, 1))
@HERE
def test_two_runs_with_a_state_are_one(tmp_path_factory, seed, share):
    made, folder = rows(seed, 150), tmp_path_factory.mktemp("state")
    file = folder / "f.csv"
    file.write_text(csv_of(rates(seed, 90)))  # those behind it are missing
    k = int(len(made) * share)
    parts = [promises.stream(promises.cut(SIGNALS, part, [17])) for part in (made[:k], made[k:])]
    whole = promises.run(stage(file), promises.stream(promises.cut(SIGNALS, made, [13])), folder / "one")
    one, two = stage(file), stage(file)
    halves = promises.run(one, parts[0], folder / "s") + promises.run(two, parts[1], folder / "s")
    assert promises.said(whole) == promises.said(halves)
    last = stage(file)
    promises.run(last, promises.stream([(SIGNALS, [])]), folder / "one")
    assert [report["funding_missing"] for report in two.reports()] == [
        report["funding_missing"] for report in last.reports()
    ]
    file.write_text(csv_of(rates(seed, 80)))
    with pytest.raises(HqError, match="content of funding was") as error:
        promises.run(stage(file), parts[1], folder / "s")
    assert error.value.code == CONFIG


def test_two_payments_by_hand(tmp_path):
    """Two contracts from 100: at 00:00 at the mark of the row, at 00:06 at that of the bar."""
    at, first = minute(MIDNIGHT), MIDNIGHT + 7 * 10**6
    made = [flat(i, 100.0) for i in range(at + 20)]
    made[0] = flat(0, 100.0, 2.0, NAN, NAN, NAN)
    made[at + 7] = flat(at + 7, 120.0)
    file = tmp_path / "f.csv"
    file.write_text(csv_of([(first, 0.0001, 104.0), (MIDNIGHT + 6 * MINUTE + 10**6, -0.0002, NAN)]))
    out = promises.run(stage(file, taker_fee=0.0), promises.stream([(SIGNALS, made)]))
    # the second lies inside the bar from 00:06 to 00:07, and is paid at its open: that bar is of 120 throughout
    want = [-2 * 104 * Fraction(1, 10_000), 2 * 120 * Fraction(2, 10_000)]
    assert [row["amount"] for row in table(out, "payment")] == pytest.approx([float(one) for one in want], rel=1e-14)
    assert [row["ts"] for row in table(out, "payment")] == [first, MIDNIGHT + 6 * MINUTE + 10**6]
    report = report_of(out)
    assert (report["payments"], report["funding_missing"]) == (2, 2)  # 00:12 and 00:18, as six minutes lie between two
    assert report["options"]["funding"] == str(file)
    assert report["options"]["funding_missing"] == "zero"
    assert "funding_missing" in report["definitions"]


# -- what is missing -------------------------------------------------------------------------------------------
def missed(times, until, first=0, step=HOUR, **more):
    """The nominal times of what is missing, in hours, of rows at these hours looked at every `step`."""
    dues = Dues("f", [Due(int(hour * HOUR), "X", 0.1, NAN) for hour in times], **more)
    found = []
    for limit in range(first + step, int(until * HOUR) + 1, step):
        found += [(one.ts - LATE) / HOUR for one in dues.until(first, limit, {"X": 0}, "X") if one.rate != one.rate]
    return found


@pytest.mark.parametrize(
    ("times", "until", "want"),
    [
        ([], 25, [0, 8, 16, 24]),  # nobody has said anything: the usual times
        ([8], 25, [0, 16, 24]),
        ([0, 8, 16], 25, [24]),
        ([0, 8, 24, 32], 33, [16]),
        ([0, 8, 32, 40, 48], 49, [16, 24]),
        ([0, 8, 12, 16, 20], 21, []),  # every four hours from then on
        ([0, 4, 8, 16, 24], 25, [12]),  # and every eight again: once
        ([0, 1, 2, 3], 6.5, [4, 5, 6]),
        ([0.0001, 8.0002, 15.9999], 17, []),  # some hundred ms late, or early
        ([3, 11, 19], 20, [0]),  # at other hours
    ],
)
def test_when_funding_is_due(times, until, want):
    for step in (MINUTE * 30, HOUR, 7 * HOUR, DAY * 10):
        steps = step if step < until * HOUR else int(until * HOUR)
        whole = [one for one in want if one * HOUR + LATE <= until * HOUR // steps * steps]
        assert missed(times, until, step=steps) == whole


@given(
    hours=st.lists(st.integers(0, 60), unique=True).map(sorted),
    steps=st.lists(st.integers(1, 20), min_size=1),
    kept=st.booleans(),
)
@HERE
def test_what_is_missing_does_not_depend_on_cuts_or_a_state(hours, steps, kept):
    def told(edges, again=False):
        file = [Due(hour * HOUR + 10**6, "X", 0.1, NAN) for hour in hours]
        dues, found = Dues("f", file), []
        for edge in edges:
            if again:
                dues, saved = Dues("f", file), dues.save()
                dues.load(json.loads(json.dumps(saved)))
            found += dues.until(HOUR, edge, {"X": 0}, "X")
        return repr(found)

    edges = [sum(steps[:i]) * HOUR for i in range(1, len(steps) + 1)]
    assert told(edges, kept) == told(edges[-1:])


@pytest.mark.parametrize("opens", [True, False])
@pytest.mark.parametrize("cut", [1, 500])
def test_many_that_are_missed_between_two_bars_are_few_rows(tmp_path, monkeypatch, opens, cut):
    """A minute apart, then none for two months and two years: each minute at which it was held is counted."""
    (tmp_path / "f.csv").write_text(csv_of([(MIDNIGHT, 0.0, NAN), (MIDNIGHT + MINUTE, 0.0, NAN)]))
    names = None if opens else [name for name, _ in SIGNALS.cols if name != "open_time"]
    series = SIGNALS if opens else Schema("bar", "BTCUSDT", "1m", tuple(c for c in SIGNALS.cols if c[0] in names))
    years = 2 * 365 * DAY
    made = []
    for at, (opened, closed) in ((0, (NAN, NAN)), (2, (2.0, NAN)), (60 * 1440, (NAN, NAN)), (60 * 1440 + 1, (NAN, INF)),
                                 (years // MINUTE, (NAN, NAN))):  # fmt: skip
        one = flat(minute(MIDNIGHT) + at, 100.0, opened, closed, NAN, NAN)
        made.append(one if opens else (one[0], *one[2:]))
    given_rows, until = [], Dues.until
    monkeypatch.setattr(Dues, "until", lambda *args: given_rows.append(until(*args)) or given_rows[-1])
    out = promises.run(stage(tmp_path / "f.csv"), promises.stream(promises.cut(series, made, [cut])))
    fills = [one["ts"] for one in table(out, "fill")]
    assert len(fills) == 2
    # bought at the third bar's open and sold at the fifth's
    bought, sold = (made[k][1] if opens else made[k - 1][0] for k in (2, 4))
    want = sum(bought < ts <= sold for ts in range(MIDNIGHT + 2 * MINUTE + LATE, sold + DAY, MINUTE))
    assert report_of(out)["funding_missing"] == want
    assert sum(map(len, given_rows)) < 2 * 1000 + 30


@pytest.mark.parametrize("of", ["1m", "trades"])
def test_many_that_are_missed_along_a_finer_path_are_few_rows(tmp_path, monkeypatch, of):
    """Funding once a minute, then none in two years of bars of five minutes of which the first and the last come."""
    (tmp_path / "f.csv").write_text(csv_of([(MIDNIGHT, 0.0, NAN), (MIDNIGHT + MINUTE, 0.0, NAN)]))
    given_rows, until = [], Dues.until
    monkeypatch.setattr(Dues, "until", lambda *args: given_rows.append(until(*args)) or given_rows[-1])
    first, years = MIDNIGHT // (5 * MINUTE) * 5 * MINUTE, 2 * 365 * DAY
    ends = [first + 5 * MINUTE, first + 10 * MINUTE, first + 10 * MINUTE + years]
    verbs = [(1.0, NAN, NAN, NAN), *[[NAN] * 4] * 2]
    coarse = [(ts, ts - 5 * MINUTE, *[100.0] * 4, 5.0, 1, *said) for ts, said in zip(ends, verbs)]
    bars = Schema("bar", "BTCUSDT", "5m", SIGNALS.cols)
    if of == "trades":
        fine, series = (
            [(ts - MINUTE, 100.0, 1.0) for ts in ends],
            Schema("trade", "BTCUSDT", "", (("ts", "i8"), ("price", "f8"), ("qty", "f8"))),
        )
    else:
        fine, series = [flat(minute(ts), 100.0)[:8] for ts in ends], Schema("bar", "BTCUSDT", "1m", SIGNALS.cols[:8])
    made = BacktestStage(Terms(path=of), funding=str(tmp_path / "f.csv"))
    out = promises.run(made, promises.stream([(bars, []), (series, []), (series, fine), (bars, coarse)]))
    (bought,) = (one["fill_time"] for one in table(out, "fill"))
    want = sum(bought < ts <= ends[-1] for ts in range(MIDNIGHT + 2 * MINUTE + LATE, ends[-1] + DAY, MINUTE))
    assert report_of(out)["funding_missing"] == want > 10**6
    assert sum(map(len, given_rows)) < 2 * 1000 + 30


def test_a_damaged_state_is_refused():
    dues = Dues("f", watched=True)
    dues.until(0, DAY, {"X": 0}, "X")
    saved = dues.save()
    saved[3]["X"][1] = 0
    with pytest.raises(Damaged):
        Dues("f").load(saved)


LONG = [flat(i, 100.0) for i in range(minute(MIDNIGHT) + 20)]
LONG[0] = flat(0, 100.0, 2.0, NAN, NAN, NAN)


@pytest.mark.parametrize("cut", [1, 7, 500])
def test_only_what_was_held_is_missed_and_only_where_funding_was_given(tmp_path, cut):
    file, empty = tmp_path / "f.csv", tmp_path / "e.csv"
    file.write_text(csv_of([(MIDNIGHT - 8 * HOUR, 0.1, NAN)]))
    empty.write_text("calc_time,last_funding_rate\n")
    bars = promises.stream(promises.cut(SIGNALS, LONG, [cut]))
    assert "funding_missing" not in report_of(promises.run(stage(), bars))
    for one in (file, empty):
        done = stage(one)
        assert report_of(promises.run(done, bars))["funding_missing"] == 1
        assert sum(done.notices.values()) == 1
        assert all("funding was due" in line for line in done.notices)
    for after, want in ((0, 0), (1, 1)):  # closed at the open of 00:00, which is before half a minute past, or at 00:01
        made = list(LONG)
        made[minute(MIDNIGHT) + after] = flat(minute(MIDNIGHT) + after, 100.0, NAN, INF, NAN, NAN)
        bars = promises.stream(promises.cut(SIGNALS, made, [cut]))
        assert report_of(promises.run(stage(file), bars))["funding_missing"] == want


def test_a_row_without_a_rate_is_missed_once_whatever_its_mark(tmp_path):
    wrong = [(MIDNIGHT - 8 * HOUR, 0.0, NAN), (MIDNIGHT, NAN, 250.0)]
    out = promises.run(stage(), promises.stream([(FUNDING, wrong), (SIGNALS, LONG)]))
    assert report_of(out)["funding_missing"] == 1


def test_a_stream_is_looked_at_from_its_first_row_on():
    due = (FUNDING, [(MIDNIGHT - 30 * MINUTE, 0.0001, NAN), (MIDNIGHT - 15 * MINUTE, 0.0001, NAN)])
    k = minute(MIDNIGHT) - 40
    out = promises.run(stage(), promises.stream([(SIGNALS, LONG[:k]), due, (SIGNALS, LONG[k:])]))
    report = report_of(out)
    assert (report["payments"], report["funding_missing"]) == (2, 2)  # 00:00 and 00:15
    assert report["options"]["funding"] is None


def test_rows_behind_their_bars_are_told():
    due = (FUNDING, [(START + 5 * MINUTE, 0.0001, NAN), (START + 9 * MINUTE, 0.0001, NAN)])
    for at, want in ((4, []), (5, [1]), (9, [2])):
        done = stage()
        out = promises.run(done, promises.stream([(SIGNALS, LONG[:at]), due, (SIGNALS, LONG[at:20])]))
        assert len(table(out, "payment")) == 2
        assert [n for line, n in done.notices.items() if "came behind bars" in line] == want


def test_a_bar_that_forms_is_no_time_that_has_passed():
    """The bar from 22:16 to 02:14 forms when the rows of 23:00 and 00:00 have not come."""
    hours = [START + k * HOUR for k in range(-1, 5)]
    due = [(FUNDING, [(ts, 0.0001, NAN)]) for ts in hours]
    forming = (START + 4 * HOUR, START + 2 * MINUTE, 100.0, 100.0, 100.0, 100.0, 1.0, 0, *[NAN] * 4)
    bars = [*LONG[:2], forming]
    pieces = [*due[:2], (SIGNALS, bars), *due[2:], (SIGNALS, [(*forming[:7], 1, *forming[8:])])]
    done = stage()
    report = report_of(promises.run(done, promises.stream(pieces)))
    assert (report["payments"], report["funding_missing"], done.notices) == (4, 0, {})


def test_fail_ends_with_65_and_names_when(tmp_path):
    file = tmp_path / "f.csv"
    file.write_text(csv_of([(MIDNIGHT - 8 * HOUR, 0.1, NAN)]))
    bars = promises.stream([(SIGNALS, LONG)])
    for one in (file, ""):
        with pytest.raises(HqError) as error:
            promises.run(stage(one, "fail"), bars)
        told = "BTCUSDT: funding was due, and no row said it up to 2023-11-15T00:00:30Z, while a position was held"
        assert (error.value.code, told in str(error.value)) == (DATA, True)
    file.write_text(csv_of([(MIDNIGHT + 10**6, 0.0001, NAN)]))
    assert report_of(promises.run(stage(file, "fail"), bars))["funding_missing"] == 0


# -- files ----------------------------------------------------------------------------------------------------
def test_any_form_of_the_file_is_the_same(run, tmp_path):
    (tmp_path / "f.csv").write_text(csv_of([(MIDNIGHT + 10**6, 0.0001, 100.5), (MIDNIGHT + 5 * MINUTE, 0.0002, NAN)]))
    (tmp_path / "f.csv.gz").write_bytes(gzip.compress((tmp_path / "f.csv").read_bytes()))
    named = [
        {"symbol": symbol, "fundingTime": (MIDNIGHT + after) // 10**6, "fundingRate": rate, "markPrice": mark}
        for after, rate, mark in ((5 * MINUTE, "0.0002", ""), (10**6, "0.0001", "100.5"))
        for symbol in ("BTCUSDT", "OTHER")
    ]
    (tmp_path / "f.json").write_text(json.dumps(named[2:] + named[:2]))
    (tmp_path / "bars.hqf").write_bytes(promises.stream([(SIGNALS, LONG)]))
    assert run("hq-import --kind funding --symbol BTCUSDT f.csv > f.hqf").code == 0
    found = set()
    for file in ("f.csv", "f.csv.gz", "f.json", "f.hqf"):
        ran = run(f"hq-backtest --funding {file} < bars.hqf")
        assert (ran.code, "2 rows" in ran.stderr) == (0, True), ran.stderr
        assert len(table(ran.stdout, "payment")) == 2
        found.add(repr([table(ran.stdout, kind) for kind in KINDS]))
        card = report_of(ran.stdout)["card"]["made_by"]
        head = next(frame for what, frame in promises.items(ran.stdout) if what == "head")
        assert len(head["made_by"][-1][3]["funding"]) == 32
        assert card == [] or card[-1][0] != "hq-export"
    assert len(found) == 1
    ran = run("hq-backtest --funding f.csv --text < bars.hqf")
    assert "in 2 payments, 2 due without a rate" in ran.text


def test_what_cannot_be_is_told(run, tmp_path):
    (tmp_path / "f.csv").write_text(csv_of([(MIDNIGHT + 10**6, 0.0001, NAN)]))
    (tmp_path / "twice.csv").write_text(csv_of([(MIDNIGHT + 10**6, 0.0001, NAN), (MIDNIGHT + 2 * 10**6, 0.0001, NAN)]))
    (tmp_path / "bars.hqf").write_bytes(promises.stream([(SIGNALS, LONG)]))
    (tmp_path / "far.csv").write_text(csv_of([(MIDNIGHT, -1.0, NAN), (MIDNIGHT + HOUR, 1.5, NAN)]))
    (tmp_path / "far.hqf").write_bytes(promises.stream([(FUNDING, [(MIDNIGHT, INF, NAN)])]))
    both = [(FUNDING, [(MIDNIGHT, 0.0001, NAN)]), (SIGNALS, LONG)]
    (tmp_path / "both.hqf").write_bytes(promises.stream(both))
    again = "funding of BTCUSDT at 2023-11-15T00:00:00Z is in the stream too; give it once"
    for line, code, told in (
        ("--funding f.csv < both.hqf", DATA, f"--funding f.csv: {again}"),
        ("--funding twice.csv < bars.hqf", DATA, "--funding twice.csv: funding of no symbol at "),
        ("--funding bars.hqf < bars.hqf", DATA, "--funding bars.hqf: has no rows of kind funding"),
        ("--funding far.csv < bars.hqf", DATA, "--funding far.csv: row 2: 'rate': '1.5' is no rate, which is a share"),
        (
            "--funding far.hqf < bars.hqf",
            DATA,
            "--funding far.hqf: funding of BTCUSDT at 2023-11-15T00:00:00Z has rate inf",
        ),
        ("--funding - < bars.hqf", USAGE, "--funding -: stdin is the stream; name a file"),
        ("--funding /dev/stdin < bars.hqf", USAGE, "--funding /dev/stdin: stdin is the stream; name a file"),
        ("--brackets - < bars.hqf", USAGE, "--brackets -: stdin is the stream; name a file"),
        ("--exchange-info - < bars.hqf", USAGE, "--exchange-info -: stdin is the stream; name a file"),
        ("--funding none.csv < bars.hqf", NOINPUT, "--funding: none.csv: No such file"),
    ):
        ran = run(f"hq-backtest {line} > /dev/null")
        assert (ran.code, told in ran.stderr) == (code, True), ran.stderr
    ran = run("hq-gen bars --rows 300 --seed 1 --symbol A > a.hqf; hq-gen bars --rows 300 --seed 2 --symbol B > b.hqf")
    (tmp_path / "s.hq").write_text("IF close > open THEN BUY()")
    late = "calc_time,last_funding_rate\n1704067800000,0.1\n"
    (tmp_path / "late.csv").write_text(late)
    ran = run("hq-merge a.hqf b.hqf | hq-signal s.hq | hq-backtest --funding late.csv > /dev/null")
    told = "its rows name no symbol, and several are traded; hq-import --kind funding --symbol NAME late.csv says it"
    assert (ran.code, told in ran.stderr) == (DATA, True)


@pytest.mark.parametrize(
    ("rate", "mark"), [(1.1, NAN), (-1.1, NAN), (INF, NAN), (-INF, 1.0), (0.1, 0.0), (0.1, -1.0), (0.1, INF)]
)
def test_a_row_of_the_stream_that_cannot_be_is_refused(rate, mark):
    wrong = [(MIDNIGHT, 1.0, 100.0), (MIDNIGHT + HOUR, rate, mark)]
    told = "funding of BTCUSDT at 2023-11-15T01:00:00Z has rate .*; the rate is a share from -1 to 1, the mark price"
    with pytest.raises(HqError, match=told) as error:
        promises.run(stage(), promises.stream([(FUNDING, wrong), (SIGNALS, LONG)]))
    assert error.value.code == DATA


def test_hq_merge_lays_funding_before_the_bars_of_the_same_moment(run, tmp_path):
    """So a panel of one frame pays it when it was due, and not of what is held at the end of the frame."""
    (tmp_path / "s.hqf").write_bytes(promises.stream([(SIGNALS, rows(3, 400))]))
    due = [(START + k * 25 * MINUTE + 3 * 10**6, 0.01, NAN) for k in range(1, 15)]
    (tmp_path / "f.csv").write_text(csv_of(due))
    assert run("hq-import --kind funding --symbol BTCUSDT f.csv > f.hqf").code == 0
    want = run("hq-backtest --funding f.csv < s.hqf").stdout
    assert len(table(want, "payment")) > 3
    for option in ("--series", ""):
        ran = run(f"hq-merge {option} s.hqf f.hqf | hq-backtest")
        for kind in ("payment", "equity"):
            same = ("ts", "amount") if kind == "payment" else ("ts", "wallet", "funding")
            found, wanted = ([[row[name] for name in same] for row in table(out, kind)] for out in (ran.stdout, want))
            assert found == wanted


def test_a_command_says_it_too():
    code, out, err = command(promises.stream([(SIGNALS, LONG)]), "--funding-missing", "fail", "--json")
    assert (code, out) == (DATA, b"")
    assert err.startswith("hq-backtest: --funding-missing fail: BTCUSDT: funding was due")


def cut_at(pieces):
    """Frames of bars and of funding one behind the other, each read by itself."""
    return promises.stream([(FUNDING, []), (SIGNALS, []), *pieces])


def test_rows_behind_their_bars_are_paid_at_the_next_or_told():
    due = [(START + k * MINUTE, 0.001, 100.0) for k in (10, 20, 30)]
    bars = [(SIGNALS, LONG[:15]), (SIGNALS, LONG[15:25]), (SIGNALS, LONG[25:])]
    late = "rows of funding came behind bars that end no earlier, and were paid at the next one"
    gone = "rows of funding came behind the last bar that ends no earlier, and were not paid"
    every = "all rows of funding of what is traded came behind the bars, and none was paid"
    for pieces, told, payments in (
        ([bars[0], (FUNDING, due[:1]), bars[1], bars[2], (FUNDING, due[1:])], {late: 1, gone: 2}, 1),
        ([(FUNDING, due[:1]), *bars, (FUNDING, due[1:])], {gone: 2}, 1),
        ([*bars, (FUNDING, due)], {every: 3}, 0),
        ([(FUNDING, due), *bars], {}, 3),
    ):
        for more in ({}, {"close_at_end": True}):
            one = BacktestStage(Terms(pyramid=2), **more)
            out = promises.run(one, cut_at(pieces))
            found = {what: n for what, n in one.notices.items() if "came behind" in what}
            assert {what.partition(";")[0]: n for what, n in found.items()} == told
            assert all("hq-merge lays them before their bars" in what for what in found)
            assert len(table(out, "payment")) == payments


def test_what_is_behind_in_one_run_is_paid_in_the_next(tmp_path):
    due = [(START + 10 * MINUTE, 0.001, 100.0)]
    first, second = BacktestStage(Terms()), BacktestStage(Terms())
    promises.run(first, cut_at([(SIGNALS, LONG[:15]), (FUNDING, due)]), tmp_path / "s")
    out = promises.run(second, cut_at([(SIGNALS, LONG[15:])]), tmp_path / "s")
    assert len(table(out, "payment")) == 1


def test_a_panel_of_one_symbol_is_that_symbol(run, tmp_path):
    (tmp_path / "bars.hqf").write_bytes(promises.stream([(SIGNALS, LONG)]))
    (tmp_path / "f.csv").write_text(csv_of([(MIDNIGHT + 10**6, 0.0001, NAN)]))
    (tmp_path / "other.csv").write_text("calc_time,symbol,rate\n1700006400000,ETHUSDT,0.1\n")
    (tmp_path / "bare.csv").write_text("when,rate\n1700006400000,0.1\n")
    assert run("hq-import --kind funding f.csv > f.hqf; hq-merge bars.hqf > panel.hqf").code == 0
    for line in ("hq-backtest --funding f.csv < panel.hqf", "hq-merge bars.hqf f.hqf | hq-backtest"):
        ran = run(line)
        assert len(table(ran.stdout, "payment")) == 1
        assert report_of(ran.stdout)["symbol"] == "BTCUSDT"
    for line, told in (
        (
            "hq-backtest --funding other.csv < panel.hqf",
            "--funding other.csv: there is no funding of BTCUSDT in it, it has that of ETHUSDT",
        ),
        ("hq-backtest --funding bare.csv < panel.hqf", "pass --columns ts=NAME to hq-import --kind funding"),
    ):
        ran = run(f"{line} > /dev/null")
        assert (ran.code, told in ran.stderr) == (DATA, True), ran.stderr


def test_unnamed_rows_of_the_stream_name_no_file(run, tmp_path):
    (tmp_path / "s.hq").write_text("IF close > open THEN BUY()")
    (tmp_path / "f.csv").write_text("calc_time,last_funding_rate\n1704067800000,0.1\n")
    line = "hq-gen bars --rows 300 --seed {0} --symbol {1} > {1}.hqf"
    run("; ".join([line.format(1, "A"), line.format(2, "B"), "hq-import --kind funding f.csv > f.hqf"]))
    ran = run("hq-merge A.hqf B.hqf f.hqf | hq-signal s.hq | hq-backtest > /dev/null")
    told = "hq-backtest: funding of no symbol at 2024-01-01T00:10:00Z: several are traded; hq-import --kind funding"
    assert (ran.code, told in ran.stderr) == (DATA, True), ran.stderr
