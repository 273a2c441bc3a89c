"""hq-import --order sort and --dedupe: any disorder gives the clean file again, or an error that names the rows."""

from __future__ import annotations

import csv
import io
import random
import tempfile

import pytest
from frames import bars, frames, read, tagged
from inputs import descriptor

from hq_core.errors import HqError
from hq_core.flow import Flow
from hq_core.formats import SourceOptions
from hq_core.formats.codes import Codes
from hq_core.formats.sort import Sorter
from hq_core.stages.imports import Import

BAR_HEAD = "symbol,open_time,open,high,low,close,volume"
SERIES_HEAD = BAR_HEAD.removeprefix("symbol,")
TRADE_HEAD = "transact_time,price,qty,id"


def imported(data: bytes, dedupe: str = "error", **options) -> bytes:
    """What hq-import writes."""
    stage = Import(SourceOptions(**options, dedupe=dedupe))
    with tempfile.TemporaryFile() as file, tempfile.TemporaryFile() as to:
        file.write(data)
        file.seek(0)
        try:
            Flow(stage, "hq-import", [], file.fileno(), to.fileno()).run(stage.source(file.fileno()))
        finally:
            to.seek(0)
            imported.dropped = dict(stage.dropped)
        return to.read()


def rows_of(stream: bytes) -> dict[str, dict[str, list]]:
    return read(stream).rows


def bar_lines(n: int, symbol: str = "X", chance: random.Random | None = None) -> list[str]:
    """Minutes, some of them missing."""
    made, minute = [], 1704067200000
    for i in range(n):
        minute += 60_000 * (1 if chance is None else chance.choice((1, 1, 1, 7)))
        made.append(f"{symbol},{minute},{10 + i},{12 + i},{9 + i},{11 + i},{i}.5")
    return made


def trade_lines(n: int, chance: random.Random) -> list[str]:
    """Trades, several of one ts among them, with ids that rise."""
    made, ms = [], 1704067200000
    for i in range(n):
        ms += chance.choice((0, 0, 1, 250))
        made.append(f"{ms},{100 + chance.randrange(9)},{1 + chance.randrange(3)},{i + 5}")
    return made


def text(head: str, lines: list[str]) -> bytes:
    return "\n".join([head, *lines, ""]).encode()


BARS = {"stamp": "open", "period": "1m"}


# -- sorting -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("seed", range(12))
def test_shuffled_and_repeated_bars_and_trades_come_out_as_the_clean_file(seed):
    chance = random.Random(seed)
    lines = bar_lines(200, chance=chance)
    both = (BAR_HEAD, lines, BARS), (TRADE_HEAD, trade_lines(200, chance), {})
    for head, clean, options in both:
        mixed = clean + chance.choices(clean, k=seed)
        chance.shuffle(mixed)
        got = imported(text(head, mixed), "exact", order="sort", **options)
        assert sum(imported.dropped.values()) == seed
        assert rows_of(got) == rows_of(imported(text(head, clean), **options))


def test_a_newest_first_file_is_told_its_period_and_sorted():
    lines = bar_lines(50)
    want = rows_of(imported(text(BAR_HEAD, lines)))
    assert rows_of(imported(text(BAR_HEAD, lines[::-1]), order="sort")) == want
    with pytest.raises(HqError, match="row 2: open_time goes back from .* --order sort"):
        imported(text(BAR_HEAD, lines[::-1]))


@pytest.mark.parametrize("invalid", ["error", "drop", "keep"])
def test_a_period_that_two_rows_of_a_shuffled_file_told_is_refused_where_others_are_nearer(invalid):
    """Their distance makes the ts of all rows, so that --invalid keep does not pass over it."""
    lines = bar_lines(50)
    lines.insert(1, lines.pop(7))
    with pytest.raises(HqError, match="the period is 7m, as two rows of the file have it; pass period to read"):
        imported(text(BAR_HEAD, lines), order="sort", invalid=invalid, stamp="open")
    want = rows_of(imported(text(BAR_HEAD, bar_lines(50))))
    assert rows_of(imported(text(BAR_HEAD, lines), order="sort", invalid=invalid, **BARS)) == want


def test_several_symbols_are_sorted_each():
    chance = random.Random(5)
    clean = [line for pair in zip(bar_lines(300, "A"), bar_lines(300, "B")) for line in pair]
    mixed = list(clean)
    chance.shuffle(mixed)
    assert rows_of(imported(text(BAR_HEAD, mixed), order="sort", **BARS)) == rows_of(imported(text(BAR_HEAD, clean)))


@pytest.mark.parametrize("room", [64, 5000, 1 << 20])
def test_runs_put_down_in_tmpdir_are_merged_to_the_same_rows(room, monkeypatch):
    """Bounded memory: whatever the room, the order is that of a stable sort by ts and id."""
    chance = random.Random(room)
    lines = trade_lines(3000, chance)
    chance.shuffle(lines)
    monkeypatch.setattr(Sorter.__init__, "__defaults__", (room,))
    got = rows_of(imported(text(TRADE_HEAD, lines), order="sort"))["trade//"]
    want = sorted(([float(v) for v in line.split(",")] for line in lines), key=lambda row: (row[0], row[3]))
    assert got["ts"] == [int(row[0]) * 10**6 for row in want]
    assert got["id"] == [int(row[3]) for row in want]
    assert got["price"] == [row[1] for row in want]


def test_rows_alike_in_time_and_without_a_key_keep_their_order():
    lines = [f"{1704067200000 + i // 40},{1 + i % 7},1" for i in range(400)]
    half = lines[200:] + lines[:200]
    got = rows_of(imported(text("transact_time,price,qty", half), order="sort"))["trade//"]
    assert got["price"] == [1.0 + i % 7 for i in range(400)]


def test_frames_are_sorted_too():
    """The order check of every filter names hq-import, whatever the rows came in."""
    day = [imported(text(BAR_HEAD, part)) for part in (bar_lines(80)[:40], bar_lines(80)[40:])]
    want = rows_of(imported(text(BAR_HEAD, bar_lines(80))))
    assert rows_of(imported(day[1] + day[0], order="sort")) == want


def test_what_is_put_down_nowhere_is_said(monkeypatch):
    monkeypatch.setattr(Sorter.__init__, "__defaults__", (64,))
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere/at/all")
    chance = random.Random(1)
    rows = list(batches(text(TRADE_HEAD, trade_lines(10, chance))))
    with pytest.raises(HqError, match="cannot be put down in /nowhere/at/all") as caught:
        Sorter(Codes()).add(rows[0], 1)
    assert caught.value.code == 74


def batches(data: bytes):
    from hq_core.formats import open_source

    fd = descriptor(data)
    yield from (item for kind, item in tagged(open_source(fd, b"")) if kind == "rows")


def test_unsorted_times_that_a_clock_shows_twice_are_refused():
    lines = ["2024-11-03 01:30:00,1", "2024-11-03 00:30:00,1"]
    with pytest.raises(HqError, match="2024-11-03T01:30:00 is twice in America/New_York"):
        imported(text("ts,close", lines), order="sort", tz="America/New_York", stamp="open", period="30m")


@pytest.mark.parametrize("seed", range(6))
def test_any_disorder_without_options_is_an_error(seed):
    pytest.importorskip("hq_core.order")
    chance = random.Random(seed)
    for head, lines, options in (BAR_HEAD, bar_lines(50), BARS), (TRADE_HEAD, trade_lines(50, chance), {}):
        mixed = list(lines)
        if seed % 2:
            mixed.insert(chance.randrange(1, 50), mixed[chance.randrange(50)])
        else:
            a, b = chance.sample(range(50), 2)
            mixed[a], mixed[b] = mixed[b], mixed[a]
        with pytest.raises(HqError, match="--order sort") as caught:
            imported(text(head, mixed), **options)
        assert caught.value.code == 65


# -- repeated keys -------------------------------------------------------------------------------------------
@pytest.mark.parametrize("order", ["error", "sort"])
def test_exact_drops_rows_equal_in_all_columns_and_refuses_others(order):
    lines = bar_lines(6)
    want = rows_of(imported(text(BAR_HEAD, lines)))
    doubled = [line for line in lines for _ in range(2)]
    assert rows_of(imported(text(BAR_HEAD, doubled), "exact", order=order, **BARS)) == want
    assert imported.dropped == {"repeated, equal in all columns": 6}
    doubled[3] = doubled[3].replace("1.5", "99")
    with pytest.raises(HqError, match=r"open_time 2024-01-01T00:02:00Z is there twice, in rows 3 and 4.*volume.*last"):
        imported(text(BAR_HEAD, doubled), "exact", order=order, **BARS)


@pytest.mark.parametrize("order", ["error", "sort"])
def test_last_keeps_the_last_row_of_a_key(order):
    lines = bar_lines(5)
    newer = [line.replace(".5", ".75") for line in lines]
    got = rows_of(
        imported(text(BAR_HEAD, [row for pair in zip(lines, newer) for row in pair]), "last", order=order, **BARS)
    )
    assert imported.dropped == {"replaced by a later row with the same key": 5}
    assert got == rows_of(imported(text(BAR_HEAD, newer)))


def test_a_repeated_key_is_an_error_that_names_both_rows():
    lines = bar_lines(5)
    with pytest.raises(HqError, match=r"is there twice, in rows 2 and 6, equal in all columns; --dedupe exact"):
        imported(text(BAR_HEAD, [*lines, lines[1]]), order="sort", **BARS)


@pytest.mark.parametrize("dedupe", ["exact", "last"])
def test_disorder_is_an_error_where_repeats_are_dropped(dedupe):
    """Repeats are looked for among rows of one ts, so rows out of order would hide some."""
    lines = bar_lines(6)
    with pytest.raises(HqError, match=r"row 7: ts goes back from .* \(row 6\) to .*; hq-import --order sort"):
        imported(text(BAR_HEAD, [*lines, lines[1]]), dedupe, **BARS)


@pytest.mark.parametrize("dedupe", ["exact", "last"])
def test_where_a_read_ends_does_not_matter_to_repeats(dedupe):
    """Promise 4: a forming bar of a later ts between a row and its repeat, in one read or in several."""
    minute = 60 * 10**9
    rows = [
        ((at + 1) * minute, at * minute, float(close), done)
        for at, close, done in ((0, 1, 1), (1, 2, 0), (0, 1, 1), (1, 3, 0), (1, 4, 1), (1, 4, 1), (2, 5, 0), (2, 6, 1))
    ]
    series = bars(rows, "ts open_time close complete", period="1m")
    got = [rows_of(imported(frames(series, each=each), dedupe)) for each in (1, 2, 3, 5, 8)]
    assert got[0]["bar/BTCUSDT/1m"]["close"] == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0] if dedupe == "exact" else got[0]
    assert all(one == got[0] for one in got)


def test_trades_without_ids_have_no_key_to_go_by():
    data = text("transact_time,price,qty", ["1704067200000,1,1", "1704067200000,1,1"])
    with pytest.raises(HqError, match="trades without ids may be alike"):
        imported(data, "exact")


def test_forming_bars_are_no_repeats():
    head = "open_time,open,high,low,close,volume,complete"
    lines = [f"1704067200000,1,2,1,{close},1,{done}" for close, done in ((1, 0), (1.5, 0), (1.5, 0), (2, 1))]
    for order in ("error", "sort"):
        got = rows_of(imported(text(head, lines), "exact", order=order, **BARS))["bar//1m"]
        assert got["close"] == [1.0, 1.5, 1.5, 2.0]


def test_a_state_remembers_the_rows_that_a_repeat_may_be_of(run, tmp_path):
    """Promise 2: cut between a row and its repeat, the two runs give what one gives."""
    lines = bar_lines(6)
    for dedupe, head in (("exact", BAR_HEAD), ("last", BAR_HEAD), ("exact", SERIES_HEAD), ("last", SERIES_HEAD)):
        panel = head == BAR_HEAD
        doubled = [line if panel else line.removeprefix("X,") for line in lines for _ in range(3)]
        (tmp_path / f"{dedupe}.state").unlink(missing_ok=True)
        option = f"--dedupe {dedupe} --stamp open --period 1m"
        (tmp_path / "all.csv").write_bytes(text(head, doubled))
        assert run(f"hq-import {option} all.csv > all.hqf").code == 0
        (tmp_path / "1.csv").write_bytes(text(head, doubled[:7]))
        (tmp_path / "2.csv").write_bytes(text(head, doubled[7:]))
        for part in "1", "2":
            ran = run(f"hq-import {option} --state {dedupe}.state < {part}.csv > {part}.hqf")
            assert ran.code == 0, ran.stderr
        if dedupe == "exact" and not panel:
            assert run("cat 1.hqf 2.hqf | hq-diff all.hqf -").code == 0
        else:  # the last ts is held until another one comes
            got = rows_of((tmp_path / "1.hqf").read_bytes() + (tmp_path / "2.hqf").read_bytes())
            assert got["bar//1m"]["close"] == [11.0, 12.0, 13.0, 14.0, 15.0]


def test_sort_and_state_do_not_go_together(run):
    ran = run("hq-import --order sort --state s", b"")
    assert (ran.code, "--order sort needs the whole input" in ran.stderr) == (2, True)


def test_a_batch_is_put_in_order_by_the_command(run, tmp_path):
    lines = bar_lines(9)
    (tmp_path / "a.csv").write_bytes(text(BAR_HEAD, lines[5:]))
    (tmp_path / "b.csv").write_bytes(text(BAR_HEAD, lines[:6]))
    ran = run("hq-import --order sort --dedupe exact --period 1m --stamp open a.csv b.csv | hq-export csv")
    assert ran.stderr == "hq-import: repeated, equal in all columns: 1 row dropped\n"
    got = [row["close"] for row in csv.DictReader(io.StringIO(ran.text))]
    assert got == [f"{11 + i}.0" for i in range(9)]
