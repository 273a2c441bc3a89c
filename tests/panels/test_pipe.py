"""Stages in one process are the filters of a shell's pipe: the same rows, however the input is cut, and resumed."""

from __future__ import annotations

import pytest
from frames import read as read_frames

import hq_core
from hq_core.api import pipe as module
from hq_core.batch import Batch
from hq_core.errors import HqError
from hq_core.roles import IDLE
from hq_core.stages.gen import Generator

START = 1_704_067_200 * 10**9
STRATEGY = 'IF RSI(5) < 60 AND close > close@1h THEN BUY(META(why="dip"))\nIF RSI(14) > 70 THEN SELL'


def stages():
    return (
        hq_core.Aggregate("5m:1h"),
        hq_core.Indicators(["rsi:14", "sma:3(close@1h)"]),
        hq_core.Signal([("s", STRATEGY, "s.hq")]),
    )


def gathered(items):
    """Columns as bytes by series, and the maps."""
    rows, maps = {}, []
    for item in items:
        if isinstance(item, Batch):
            held = rows.setdefault(item.schema.key, dict.fromkeys(item.schema.names, b""))
            for name in item.schema.names:
                held[name] += bytes(item.view(name).cast("B"))
        elif isinstance(item, dict):
            maps.append(dict(item))
    return rows, maps


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda: hq_core.pipe("rsi:14"), "pipe: 'rsi:14' is a str, must be a stage such as"),
        (lambda: hq_core.pipe(hq_core.Indicators), "is a type, must be a stage"),
        (lambda: hq_core.Signal(["IF close > 1 THEN BUY"]), "is no strategy; it takes"),
        (lambda: list(hq_core.pipe(hq_core.Aggregate("1h")).run("btc.csv")), "read(path) gives the items of a file"),
        (lambda: list(hq_core.pipe(hq_core.Aggregate("1h")).run([1])), "int is no item of a stream"),
    ],
)
def test_what_is_no_stage_strategy_or_source_is_told_with_what_is_wanted(wrong, says) -> None:
    with pytest.raises(TypeError) as caught:
        wrong()
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda: hq_core.Aggregate("1h", lateness=-3), "lateness: -3, must be a text: DURATION"),
        (lambda: hq_core.Backtest(lot=0.001), "lot: 0.001, must be a text"),
        (lambda: hq_core.generate("bars", 3, 1), "kind: 'bars', must be one of bar, trade, book"),
    ],
)
def test_an_option_of_another_type_is_told(wrong, says) -> None:
    with pytest.raises(HqError) as caught:
        wrong()
    assert (str(caught.value), caught.value.code) == (says, 2)


def test_dir_shows_the_public_names() -> None:
    assert {*hq_core.PUBLIC} <= {*dir(hq_core)}


def test_a_pipe_gives_the_rows_of_the_commands(run, tmp_path):
    (tmp_path / "s.hq").write_text(STRATEGY)
    indicators = "hq-indicators rsi:14 'sma:3(close@1h)'"
    shell = run(f"hq-gen trades --rows 200000 --seed 3 | hq-aggregate 5m:1h | {indicators} | hq-signal s.hq")
    assert shell.code == 0
    said = read_frames(shell.stdout)
    rows, maps = gathered(module.pipe(*stages()).run(hq_core.generate("trade", 200_000, 3)))
    assert rows.keys() == said.rows.keys() == {"bar/BTCUSDT/5m", "bar/BTCUSDT/1h", "order/BTCUSDT/5m"}
    assert len(said.rows["order/BTCUSDT/5m"]["id"]) > 0
    assert maps == [one for one in said.maps if one["kind"] == "strings"] != []
    again = hq_core.pipe(*stages()).run(hq_core.generate("trade", 200_000, 3))
    for item in again:
        if isinstance(item, Batch):
            for name in item.schema.names:
                have = said.rows[item.schema.key][name][: item.n]
                del said.rows[item.schema.key][name][: item.n]
                words = item.schema.kind(name) == "s4"
                assert repr(item.words(name) if words else item.view(name).tolist()) == repr(have)
    assert not any(column for held in said.rows.values() for column in held.values())


@pytest.mark.parametrize("frame", [1, 7, 1000])
def test_the_cut_of_the_input_changes_nothing(frame):
    whole = gathered(module.pipe(*stages()).run(Generator("trade", 30_000, 5, START)))
    cut = gathered(module.pipe(*stages()).run(Generator("trade", 30_000, 5, START, frame=frame)))
    assert cut == whole
    assert whole[0]


def test_a_pipe_goes_on_where_another_was_saved():
    items = list(_owned(Generator("bar", 2000, 9, START, frame=500)))
    make = lambda: module.pipe(hq_core.Aggregate("15m"), hq_core.Indicators("rsi:5"))  # noqa: E731
    whole = gathered(make().run(items))
    taken, first = module.Taken(), make()
    first.begin(module.Handover(taken))
    for item in items[:3]:
        module.give(item, first)
    first.finish(True)
    first.out.flush()
    head = [item.copied() if isinstance(item, Batch) else item for item in taken.pop()]
    second = make()
    second.begin(module.Handover(taken))
    second.load(first.save())
    for item in [items[0], *items[3:], IDLE]:
        module.give(item, second)
    second.finish(False)
    second.out.flush()
    assert gathered([*head, *taken.pop()]) == whole


def test_what_was_dropped_on_the_way_is_counted_once():
    made = module.pipe(hq_core.Aggregate("1h"), hq_core.Indicators("sma:2"))
    list(made.run(hq_core.generate("trade", 5000, 1)))
    assert sum(made.dropped.values()) > 0


def test_a_pipe_names_its_stages_and_wants_one():
    assert repr(hq_core.pipe(hq_core.Aggregate("1h"), hq_core.Indicators("rsi:14"))) == "Aggregate | Indicators"
    with pytest.raises(HqError, match="at least one stage"):
        hq_core.pipe()


def test_files_are_read_with_their_name_in_errors(tmp_path):
    with pytest.raises(HqError, match="nothing.csv: No such file"):
        list(hq_core.read(str(tmp_path / "nothing.csv")))
    path = tmp_path / "back.csv"
    path.write_text("ts,price,qty\n2024-01-01T00:00:02Z,1,1\n2024-01-01T00:00:01Z,1,1\n")
    with pytest.raises(HqError, match=r"back.csv: .*ts goes back"):
        list(hq_core.read(str(path)))


def test_the_public_names_are_all_there_and_nothing_else():
    assert sorted(hq_core.PUBLIC) == sorted(set(hq_core.__all__) - {"VERSION"})
    for name in hq_core.PUBLIC:
        assert getattr(hq_core, name).__name__ == name
    with pytest.raises(AttributeError):
        hq_core.nothing  # noqa: B018


def _owned(source):
    for item in source:
        yield item.copied() if isinstance(item, Batch) else item
