"""Small frames of a panel come together, whoever takes the panel apart; nothing waits while the input pauses."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inputs import descriptor, exported
from panel_runs import bars, merged, recut, said

from hq_core.batch import Batch, series_of
from hq_core.errors import HqError
from hq_core.flow import Flow, State
from hq_core.places import opened, resumed
from hq_core.roles import IDLE, End, Head, Idle, Map, Stage
from hq_core.stages import merge
from hq_core.stages.diff import Diff
from hq_core.stages.merge import Merged
from hq_core.stream import gather
from hq_core.stream.gather import BACKLOG, FEW, SELDOM, at_once, gathered
from hq_core.stream.handover import give, split
from hq_core.stream.splitter import Splitter
from hq_core.wire import Reader, Writer

ROWS = 3000  # of each symbol: some reads
WHOLE = merged(*(bars(symbol, dict.fromkeys(range(ROWS), 100.0)) for symbol in "ABC"))
SMALL = recut(WHOLE, range(1, 3 * ROWS, 9))


def counted(items: Iterable[object], into: list[int]) -> None:
    """Append the rows of each batch."""
    into += (item.n for item in items if isinstance(item, Batch))


@pytest.fixture
def taken_apart(monkeypatch) -> list[int]:
    """The rows of each batch that is taken apart."""
    found: list[int] = []
    before = Splitter.parts
    monkeypatch.setattr(Splitter, "parts", lambda self, batch: found.append(batch.n) or before(self, batch))
    return found


def test_hq_diff_takes_small_frames_apart_together(taken_apart):
    """Counted, not timed: what a call costs for each symbol is paid once for all the frames of a read."""
    assert Diff(("a", "b"), (Reader(descriptor(SMALL)), Reader(descriptor(WHOLE)))).run()
    assert taken_apart == [3 * ROWS] * 2


@pytest.mark.parametrize("series", [False, True])
def test_hq_merge_takes_small_frames_apart_together(series, taken_apart):
    data = merged(SMALL, series=series)
    taken = len(taken_apart)
    assert said(data) == said(WHOLE)
    assert 1 <= taken < 20  # 1000 frames, 64 at once


def test_a_file_of_one_symbol_takes_small_frames_apart_together(taken_apart):
    assert exported(SMALL, "npz", symbol="B") == exported(WHOLE, "npz", symbol="B")
    assert taken_apart == [3 * ROWS] * 2


def test_what_was_read_is_given_when_the_writer_pauses():
    """A pipe of which a part has been written: all its rows are there, and nobody waits for the rest."""
    r, w = os.pipe()
    part = 60_000  # a pipe holds 65,536
    os.write(w, SMALL[:part])
    source = Reader(r)
    items = split(source, at_once(source))
    first = []
    for item in items:
        first.append(item.n if isinstance(item, Batch) else 0)
        if isinstance(item, Idle):
            break
    read: list[int] = []
    with pytest.raises(HqError, match="stops"):
        counted(Reader(descriptor(SMALL[:part])), read)
    assert sum(first) == sum(read) > 0
    os.close(w)
    os.close(r)


BATCHES = [item.copied() for item in Reader(descriptor(SMALL)) if isinstance(item, Batch)][:40]
kinds = st.lists(st.sampled_from(["rows", "map", "idle"]), max_size=40)


@given(what=kinds, more=st.lists(st.booleans(), max_size=40), most=st.integers(0, 2000))
def test_gathering_changes_neither_rows_nor_their_order(what, more, most):
    """Maps stand where they stood; no batch is longer than allowed, but one that came so; an Idle that is given finds
    nothing waiting, and one in BACKLOG of them is.
    """
    batches = iter(BATCHES)
    items = [
        next(batches) if one == "rows" else Map(kind="note", n=n) if one == "map" else IDLE
        for n, one in enumerate(what)
    ]
    answers = iter(more)
    source = iter(items)
    came: list[object] = []

    def told() -> Iterator[object]:
        for item in source:
            came.append(item)
            yield item

    def seen(one: object) -> list[object]:
        if isinstance(one, Batch):
            return list(zip(one.view("ts").tolist(), one.words("symbol")))
        return [one["n"]] if isinstance(one, Map) else []

    idles, found, largest = 0, [], max((item.n for item in items if isinstance(item, Batch)), default=0)
    for item in gathered(told(), lambda: next(answers, True), most):
        found += seen(item)
        if isinstance(item, Batch):
            assert item.n * sum(item.schema.widths) <= most or item.n <= largest
        if isinstance(item, Idle):
            idles += 1
            assert found == [one for item in came for one in seen(item)]
    assert found == [one for item in items for one in seen(item)]
    assert what.count("idle") // BACKLOG <= idles <= what.count("idle")


def test_behind_a_row_by_itself_more_is_seldom_asked_for():
    """Counted, not timed: where no more was there, SELDOM further rows go by before it is looked again."""
    row = BATCHES[0].slice(0, 1)
    row.schema = series_of(row.schema, "A")
    many = Batch(row.schema, FEW + 1, row.addresses)

    def asked(*batches: Batch, more: bool = False) -> list[int]:
        found: list[int] = []
        items = [one for batch in batches for one in (batch, IDLE)]
        idles = sum(isinstance(one, Idle) for one in gathered(items, lambda: not found.append(1) and more))
        return [len(found), idles]

    assert asked(*[row] * (3 + 2 * SELDOM)) == [3, 3 + 2 * SELDOM]
    assert asked(*[row, many] * 10) == [1 + 10, 20]
    assert asked(*[row] * 2 * BACKLOG, more=True) == [2 * BACKLOG - 2, 2]


def test_all_that_came_before_an_error_is_given_first():
    items = gathered(Reader(descriptor(SMALL[:-200])), lambda: True)
    rows: list[int] = []
    with pytest.raises(HqError, match="stops"):
        counted(items, rows)
    assert 3 * ROWS - 10 < sum(rows) < 3 * ROWS


class Dies(Stage):
    """Stops after so many batches."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self.left = after

    def rows(self, batch: Batch) -> None:
        self.left -= 1
        if self.left < 0:
            raise HqError("it died")
        super().rows(batch)


@pytest.mark.parametrize("after", [1, 4, 16, 64])
def test_a_merge_that_is_saved_wherever_it_pauses_holds_all_that_it_read(after, tmp_path, monkeypatch):
    """Maps among the rows end what is gathered in the midst of what one input gives at once."""
    (tmp_path / "panel").write_bytes(with_maps(SMALL, 1000))
    alone = recut(bars("D", dict.fromkeys(range(ROWS), 7.0)), range(1, ROWS, 3))
    (tmp_path / "alone").write_bytes(with_maps(alone, 1000))
    monkeypatch.setattr(merge, "AT_ONCE", 5)  # so that another input's turn comes between rows and a map
    monkeypatch.setattr(gather, "BACKLOG", 1)  # each pause of an input is one of the merge, and saved
    names = tuple(str(tmp_path / name) for name in ("panel", "alone"))
    out = os.memfd_create("out")
    for stage in (Dies(after), Stage()):
        state = State(str(tmp_path / "s"), 1, {})
        os.ftruncate(out, state.output_bytes)
        os.lseek(out, 0, os.SEEK_END)
        inputs = resumed(names, 0, state) if state.loaded else [opened(name, 0) for name in names]
        with suppress(HqError):
            Flow(stage, "hq-merge", [], 0, out).run(Merged(inputs), state)
        for one in inputs:
            os.close(one.fd)
    data = os.pread(out, os.fstat(out).st_size, 0)
    assert said(data) == said(merged(*(Path(name).read_bytes() for name in names)))


def with_maps(data: bytes, size: int) -> bytes:
    """A frame of that many bytes behind each ts of a panel."""
    to = os.memfd_create("maps")
    out = Writer(to)
    out.head([], {})
    passing = Stage()
    passing.begin(out)
    for item in Reader(descriptor(data)):
        if isinstance(item, Batch):
            out.copy(item)
            out.map({"kind": "signal", "of": "A", "ts": item.view("ts")[item.n - 1], "text": "x" * size})
        elif not isinstance(item, (Head, End)):
            give(item, passing)
    out.end({})
    out.flush()
    return os.pread(to, os.fstat(to).st_size, 0)
