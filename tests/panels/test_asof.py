"""hq-asof: what each row gets is what the definition says, however the two kinds lie to each other in the input."""

from __future__ import annotations

import random

import asof_runs
import pytest
from asof_runs import (
    COLUMNS,
    SECOND,
    START,
    Taker,
    bar,
    bars_at,
    got,
    in_stream,
    market,
    mixed,
    other,
    others_at,
    with_file,
)
from frames import frames, items
from hypothesis import given, settings
from hypothesis import strategies as st
from inputs import descriptor
from panel_runs import merged
from slow_asof import joined

from hq_core.batch import Schema
from hq_core.errors import DATA, USAGE, HqError
from hq_core.flow import State
from hq_core.places import Opened
from hq_core.roles import Stage
from hq_core.stages import asof
from hq_core.stages.asof import Asof
from hq_core.stages.merge import Merged
from hq_core.wire import Reader

SOME = settings(max_examples=30, deadline=None)
options = st.fixed_dictionaries(
    {"strictly_before": st.booleans(), "age": st.booleans(), "tolerance": st.sampled_from(("", "1s", "5s", "1h"))}
)
NS = {"": None, "1s": SECOND, "5s": 5 * SECOND, "1h": 3600 * SECOND}


def expected(bars, others, said):
    found = {}
    for symbol, rows in bars.items():
        side = [(ts, dict(zip(COLUMNS, values))) for ts, *values in others.get(symbol, others.get("", ()))]
        how = said["strictly_before"], NS[said["tolerance"]], said["age"]
        found[symbol] = joined([row[0] for row in rows], side, COLUMNS, *how)
    return {symbol: rows for symbol, rows in found.items() if rows}


def columns_of(said):
    return (*COLUMNS, "age_s") if said["age"] else COLUMNS


def check(data, bars, others, said):
    found, wanted = got(data, columns_of(said)), expected(bars, others, said)
    assert {symbol: repr(rows) for symbol, rows in found.items()} == {
        symbol: repr(rows) for symbol, rows in wanted.items()
    }


def sides(bars, others):
    ours = [(bar(symbol), rows) for symbol, rows in bars.items()]
    return ours, [(other(symbol), rows) for symbol, rows in others.items()]


@SOME
@given(seed=st.integers(0, 10**6), said=options)
def test_one_stream_in_any_order(seed, said):
    bars, others = market(seed)
    ours, theirs = sides(bars, others)
    check(in_stream(frames(*mixed(random.Random(seed), ours + theirs)), **said), bars, others, said)


@SOME
@given(seed=st.integers(0, 10**6), said=options)
def test_a_file_beside_the_stream(seed, said, tmp_path_factory):
    bars, others = market(seed)
    ours, theirs = sides(bars, others)
    rng, path = random.Random(seed), tmp_path_factory.mktemp("asof") / "f.hqf"
    path.write_bytes(frames(*mixed(rng, theirs)))
    check(with_file(frames(*mixed(rng, ours)), path, **said), bars, others, said)
    path.write_bytes(b"".join(frames(one) for one in theirs) or frames())  # symbol behind symbol
    check(with_file(b"".join(frames(one) for one in ours) or frames(), path, **said), bars, others, said)


@SOME
@given(seed=st.integers(0, 10**6), said=options)
def test_panels_give_what_their_series_give(seed, said, tmp_path_factory):
    bars, others = market(seed)
    ours, theirs = sides(bars, others)
    if not ours or not theirs:
        return
    panels = merged(*map(frames, ours + theirs)), merged(*map(frames, theirs))
    check(in_stream(panels[0], **said), bars, others, said)
    path = tmp_path_factory.mktemp("asof") / "f.hqf"
    path.write_bytes(panels[1])
    check(with_file(merged(*map(frames, ours)), path, **said), bars, others, said)
    check(with_file(frames(*ours), path, **said), bars, others, said)
    check(in_stream(merged(*map(frames, ours)) + frames(*theirs), **said), bars, others, said)  # one behind the other
    path.write_bytes(frames(*theirs))
    check(with_file(merged(*map(frames, ours)), path, **said), bars, others, said)


@SOME
@given(seed=st.integers(0, 10**6), said=options)
def test_rows_without_a_symbol_are_for_all(seed, said, tmp_path_factory):
    bars, _ = market(seed)
    rng = random.Random(seed)
    others = {"": others_at(asof_runs.made(rng, 30), rng)}
    ours, theirs = sides(bars, others)
    check(in_stream(frames(*mixed(rng, ours + theirs, announced=True)), **said), bars, others, said)
    path = tmp_path_factory.mktemp("asof") / "f.hqf"
    path.write_bytes(frames(*theirs))
    check(with_file(frames(*mixed(rng, ours, announced=True)), path, **said), bars, others, said)


# -- when a row goes out ---------------------------------------------------------------------------------------------
def at(second, *values):
    return (START + second * SECOND, *values)


def bar_rows(*seconds):
    return bars_at([START + one * SECOND for one in seconds])


def factor_rows(*seconds):
    return [at(one, float(one), one, one) for one in seconds]


def test_a_row_goes_out_when_the_other_kind_has_come_further():
    taker = Taker()
    taker.rows(bar("A"), bar_rows(10, 20, 30))
    assert taker.given() == []
    taker.rows(other("A"), factor_rows(10))  # a second row of 10 may come
    assert taker.given() == []
    taker.rows(other("A"), factor_rows(11))
    assert taker.given() == [10.0]
    taker.rows(other("A"), factor_rows(20, 20, 40))
    assert taker.given() == [10.0, 20.0, 20.0]


def test_a_mark_gives_the_rows_before_it_and_goes_on_behind_them():
    taker = Taker()
    taker.rows(other("A"), factor_rows(5))
    taker.rows(bar("A"), bar_rows(10, 20))
    taker.mark(20)
    assert (taker.given(), taker.marks) == ([5.0], [20])
    taker.mark(21)
    assert (taker.given(), taker.marks) == ([5.0, 5.0], [20, 21])


@pytest.mark.parametrize("series", [False, True])
def test_behind_a_merge_of_two_feeds_their_marks_give_the_rows(series, tmp_path):
    """Before either has ended; the merge says the smaller of the marks."""
    ours = asof_runs.marked((bar("A"), bar_rows(10, 20, 30)), 31)
    theirs = asof_runs.marked((other("A"), factor_rows(5, 11)), 25)
    fds = [descriptor(one) for one in (ours, theirs)]
    inputs = [Opened(name, Reader(fd), fd) for name, fd in zip("ab", fds)]
    live = asof_runs.run(Merged(inputs, series, more=True), Stage())  # both go on
    paused = in_stream(live, State(str(tmp_path / "s"), 0, {}))
    assert [row[0] for row in got(paused)["A"]] == [5.0, 11.0]


def test_strictly_before_a_row_need_not_wait_for_more_of_its_own_ts():
    taker = Taker(strictly_before=True)
    taker.rows(other("A"), factor_rows(5, 10))
    taker.rows(bar("A"), bar_rows(10))
    assert taker.given() == [5.0]


def test_funding_comes_once_a_ts_so_its_own_ts_is_enough():
    taker = Taker(with_kind="funding")
    taker.rows(other("A", "funding"), factor_rows(10))
    taker.rows(bar("A"), bar_rows(10, 11))
    assert taker.given() == [10.0]


def test_what_is_no_longer_needed_is_dropped():
    taker = Taker()
    taker.rows(other("A"), factor_rows(*range(1000)))
    taker.rows(bar("A"), bar_rows(*range(998)))
    assert taker.stage.others.known["A"].kept.n == 3


def test_a_coarser_series_goes_out_first():
    taker = Taker()
    taker.rows(bar("A", "5m"), bar_rows(10))
    taker.rows(bar("A", "1m"), bar_rows(10))
    taker.rows(other("A"), factor_rows(11))
    taker.given()
    assert [key for key, _ in taker.seen] == ["bar/A/5m", "bar/A/1m"]


def test_a_forming_row_gets_what_is_known_and_is_not_joined():
    cols = (*asof_runs.BAR, ("complete", "b1"))
    ours = Schema("bar", "A", "1m", cols), [(*row, one) for row, one in zip(bar_rows(10, 12, 10, 20), (1, 0, 0, 1))]
    theirs = Schema("other", "A", "", (*asof_runs.OTHER, ("complete", "b1")))
    rows = [(*row, one) for row, one in zip(factor_rows(5, 11, 12, 30), (1, 1, 0, 1))]
    data = in_stream(frames(ours, (theirs, rows)), with_kind="other")
    assert got(data)["A"] == [[float(one)] * 3 for one in (5, 11, 5, 11)]


# -- what is refused -------------------------------------------------------------------------------------------------
def refused(*pieces, **said):
    with pytest.raises(HqError) as error:
        in_stream(frames(*pieces), **said)
    return error.value.code, str(error.value)


def test_a_row_of_the_other_kind_that_comes_too_late():
    late = (other("B"), factor_rows(10))
    data = asof_runs.marked((other("A"), factor_rows(1)), (bar("B"), bar_rows(10)), 11, late)
    with pytest.raises(HqError, match="comes when rows up to .* have been given on without it") as error:
        in_stream(data)
    assert error.value.code == DATA


def test_a_whole_number_that_float64_cannot_hold():
    pieces = (other("A"), [at(1, 0.0, 5, 0), at(2, 0.0, (1 << 53) + 1, 0)]), (bar("A"), bar_rows(1, 3))
    code, said = refused(*pieces)
    assert (code, "9007199254740993" in said, "22:13:22" in said) == (DATA, True, True)
    even = (other("A"), [at(1, 0.0, (1 << 53) + 2, 0), at(2, 0.0, -(1 << 63), 0)]), (bar("A"), bar_rows(1, 3))
    assert [row[1] for row in got(in_stream(frames(*even)))["A"]] == [2.0**53 + 2, -(2.0**63)]


def test_texts_and_missing_columns():
    texts = Schema("factor", "A", "", (*asof_runs.OTHER, ("word", "s4")))
    assert refused((texts, []), (bar("A"), []), columns="x,word")[1].startswith("column 'word' of factor/A/ is s4")
    assert "column 'xx' is missing" in refused((other("A"), []), columns="xx")[1]
    named = Schema("bar", "A", "1m", (*asof_runs.BAR, ("word", "s4")))
    assert "has a column of texts" in refused((named, []))[1]


def test_two_series_of_one_symbol_and_one_for_all():
    fine, coarse = Schema("factor", "A", "1m", asof_runs.OTHER), Schema("factor", "A", "1h", asof_runs.OTHER)
    assert "are of one symbol" in refused((fine, []), (coarse, []))[1]
    assert "for all symbols and factor/A/ for one" in refused((other(""), []), (other("A"), []))[1]


def test_a_column_that_is_there_already_and_how_to_name_it():
    theirs = Schema("factor", "A", "", (("ts", "i8"), ("close", "f8")))
    code, said = refused((theirs, [at(1, 7.0)]), (bar("A"), bar_rows(2)), columns="close")
    assert (code, said) == (DATA, "bar/A/1m has a column 'close' already; pass prefix NAME_")
    data = in_stream(frames((theirs, [at(1, 7.0)]), (bar("A"), bar_rows(2))), columns="close", prefix="f_")
    assert got(data, ["close", "f_close"])["A"] == [[1.5, 7.0]]


def test_more_than_may_wait(monkeypatch):
    monkeypatch.setattr(asof, "MOST_WAITING", 10_000)
    assert "have not come as far as each other" in refused((other("A"), []), (bar("A"), bar_rows(*range(500))))[1]
    assert "have not come as far" in refused((bar("A"), []), (other("A"), factor_rows(*range(500))))[1]


@pytest.mark.parametrize(
    "said",
    [
        {"columns": "x,x", "with_kind": "factor"},
        {"columns": "x,", "with_kind": "factor"},
        {"columns": "x"},
        {"columns": "x", "with_kind": "bar"},
        {"columns": "x", "with_kind": "factor", "tolerance": "soon"},
    ],
)
def test_what_makes_no_sense_is_refused_before_a_row_is_read(said):
    with pytest.raises(HqError) as error:
        Asof(**said)
    assert error.value.code == USAGE


def test_a_file_of_two_kinds_says_how_to_choose(tmp_path):
    path = tmp_path / "f.hqf"
    path.write_bytes(frames((other("A"), factor_rows(1)), (other("A", "funding"), factor_rows(2))))
    ours = frames((bar("A"), bar_rows(3)))
    with pytest.raises(HqError, match="has factor and funding; name one: with_kind KIND"):
        with_file(ours, path)
    assert got(with_file(ours, path, with_kind="funding"))["A"] == [[2.0, 2.0, 2.0]]


def test_a_file_out_of_order_is_refused(tmp_path):
    path = tmp_path / "f.hqf"
    path.write_bytes(frames((other("A"), factor_rows(2, 1))))
    with pytest.raises(HqError, match="f.hqf: factor/A/ row 2: ts goes back"):
        with_file(frames((bar("A"), bar_rows(3))), path)


def test_the_other_kind_and_its_texts_leave_the_stream():
    data = in_stream(frames((other("A"), factor_rows(1)), (bar("A"), bar_rows(2)), (other("A", "quote_"), [])))
    keys = {item.schema.key for kind, item in items(data) if kind == "rows"}
    assert keys == {"bar/A/1m"}
