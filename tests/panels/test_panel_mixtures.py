"""Panels beside what is not as they are: symbols of other columns, plain series, runs that go on, one process."""

from __future__ import annotations

from array import array
from collections.abc import Callable

import frames
import panel_runs
import promises
import pytest
from inputs import descriptor

import hq_core
from hq_core.batch import Batch, Schema
from hq_core.errors import HqError
from hq_core.flow import Flow, State
from hq_core.roles import IDLE, Map, Stage
from hq_core.wire import Reader

MINUTE, START = panel_runs.MINUTE, panel_runs.START
RISING = "IF close > close[1] THEN BUY(size=1)"


def bars(symbol: str, values: list[float], more: tuple[str, ...] = (), minutes: int = 1) -> bytes:
    """One series of bars of so many minutes, with further columns."""
    step = minutes * MINUTE
    rows = [
        (START + step * (i + 1), START + step * i, v, v, v, v, 1.0, *(10 * v for _ in more))
        for i, v in enumerate(values)
    ]
    cols = [*panel_runs.BAR, *((name, "f8") for name in more)]
    return frames.frames((Schema("bar", symbol, f"{minutes}m", cols), rows))


def column(data: bytes, name: str = "close") -> dict[str, list[float]]:
    rows = panel_runs.said(data)[0]
    return {key: array("d", columns[name]).tolist() for key, columns in rows.items() if name in columns}


def test_symbols_of_other_columns_keep_their_names() -> None:
    both = panel_runs.merged(bars("A", [1.0, 2.0, 3.0], ("mine",)), bars("B", [7.0, 8.0, 9.0]))
    want = {"bar/A/1m": [1.0, 2.0, 3.0], "bar/B/1m": [7.0, 8.0, 9.0]}
    assert column(both) == want
    assert column(panel_runs.merged(both, series=True)) == want
    assert column(panel_runs.merged(both, bars("C", [4.0], ("mine",)))) == {**want, "bar/C/1m": [4.0]}
    for text in ("sma:2", "sma:2(close@A)"):
        assert column(panel_runs.through(lambda text=text: hq_core.Indicators(text), both)) == want
    assert column(panel_runs.through(lambda: hq_core.Aggregate("3m"), both)) == {"bar/A/3m": [3.0], "bar/B/3m": [9.0]}


def together(*streams: bytes) -> bytes:
    """One section that announces all series first; then the rows of each stream, one behind the other."""

    def write(out):
        for data in streams:
            for item in Reader(descriptor(data)):
                if isinstance(item, Schema):
                    out.series(item)
                elif isinstance(item, Map):
                    out.map(item)
        for data in streams:
            for item in Reader(descriptor(data)):
                if isinstance(item, Batch):
                    out.copy(item)
                    out.flush()

    return frames.gathered(write)


def test_what_reads_a_series_beside_a_panel_does_not_run_ahead_of_it() -> None:
    """The panel has come to its end when the plain series begins: that says nothing of the plain one's time."""
    panel = panel_runs.merged(bars("A", [11.0, 12.0, 13.0], minutes=4))
    fine = bars("A", [float(i) for i in range(12)], ("mine",))
    for missing in ("error", "warn"):
        found = panel_runs.through(
            lambda missing=missing: hq_core.Indicators("sma:1(close@A:4m)", missing=missing), together(panel, fine)
        )
        read = column(found, "sma_1_close@A:4m")["bar/A/1m"]
        assert [None if value != value else value for value in read] == [None] * 3 + [11.0] * 4 + [12.0] * 4 + [13.0]


MAKE: dict[str, Callable[[], Stage]] = {
    "aggregate": lambda: hq_core.Aggregate("5m"),
    "indicators": lambda: hq_core.Indicators("sma:2"),
    "of another": lambda: hq_core.Indicators("sma:2(close@B)"),
    "signal": lambda: hq_core.Signal([("s", RISING, "s.hq")]),
}


@pytest.mark.parametrize("name", MAKE)
def test_a_pipe_in_one_process_takes_panels_as_the_commands_do(name: str) -> None:
    one, two = bars("A", [5.0, 4.0, 6.0, 7.0, 3.0] * 4), bars("B", [50.0, 40.0, 60.0, 30.0, 70.0] * 4)
    panel = panel_runs.merged(one, two)
    want = panel_runs.said(panel_runs.through(MAKE[name], panel))
    made = hq_core.pipe(MAKE[name](), hq_core.Indicators("ema:3"))
    assert set(panel_runs.said_by(made.run(Reader(descriptor(panel))))[0]) == set(want[0])
    assert panel_runs.said_by(hq_core.pipe(MAKE[name]()).run(Reader(descriptor(panel)))) == want


def test_a_pipe_in_one_process_refuses_rows_out_of_order_and_a_second_run() -> None:
    one = bars("A", [1.0, 2.0, 3.0])
    made = hq_core.pipe(hq_core.Indicators("sma:2"))
    with pytest.raises(HqError, match="bar/A/1m row 4"):
        list(made.run(item for data in (one, one) for item in Reader(descriptor(data))))
    with pytest.raises(HqError, match="make them anew"):
        list(made.run(Reader(descriptor(one))))


class Killed(Reader):
    """Ends at its 60th item; a state is written on the way."""

    def __iter__(self):
        for i, item in enumerate(super().__iter__()):
            yield item
            yield IDLE
            if i == 60:
                raise HqError("killed")


Killed.__name__ = "Reader"  # as the state calls who has read so far


@pytest.mark.parametrize("name", MAKE)
def test_a_resumed_panel_names_its_symbols_again(name: str, tmp_path) -> None:
    """The new section of the output has no texts of the one before."""
    panel = panel_runs.recut(
        panel_runs.merged(bars("A", [1.0, 2.0, 3.0, 4.0] * 9), bars("B", [5.0, 6.0, 7.0, 8.0] * 9)), range(1, 72)
    )
    want = panel_runs.said(panel_runs.through(MAKE[name], panel))
    path = str(tmp_path / "s")

    def go(fd: int) -> None:
        with pytest.raises(HqError, match="killed"):
            Flow(MAKE[name](), "test", [], 0, fd).run(Killed(descriptor(panel)), State(path, 1, {}))

    broken = promises.on_memory(go)
    state = State(path, 1, {})
    at, kept = state.input_bytes, state.output_bytes
    state.close()
    rest = promises.run(MAKE[name](), panel[at:], path, 1)
    assert 0 < at < len(panel)
    again = panel_runs.said(broken[:kept] + rest)[0]
    for key, columns in want[0].items():  # what still waits for rows stays in the state
        for column_name, held in columns.items():
            assert held.startswith(again[key][column_name])
            assert len(again[key][column_name]) >= len(held) * 3 // 4


def turns(data: bytes) -> bytes:
    """The stream with a frame a row, the panels in it by turns."""
    batches, others = {}, []
    for item in Reader(descriptor(data)):
        if isinstance(item, Batch):
            batches.setdefault(item.schema.cols, []).extend(item.slice(i, i + 1).copied() for i in range(item.n))
        elif isinstance(item, (Schema, Map)):
            others.append(item)

    def write(out):
        for item in others:
            if isinstance(item, Schema):
                out.series(item)
            else:
                out.map(item)
        for rows in zip(*batches.values()):
            for row in rows:
                out.copy(row)
                out.flush()

    return frames.gathered(write)


def test_panels_that_take_turns_under_one_name_are_two_series_of_the_stream() -> None:
    """Announced again they keep their ids, of which a stream has 65,536."""
    one, two = (bars(symbol, [float(i) for i in range(300)], more) for symbol, more in (("A", ("mine",)), ("B", ())))
    both = turns(panel_runs.merged(one, two))
    reader = Reader(descriptor(both))
    assert max(len(reader._schemas) for _ in reader) == 2
    assert column(both) == {f"bar/{symbol}/1m": [float(i) for i in range(300)] for symbol in "AB"}
