"""read takes what hq-import takes, and asks for it by the names that a program has for it."""

from __future__ import annotations

import inspect

import pytest

from hq_core import Batch, HqError, read
from hq_core.errors import DATA, USAGE
from hq_core.options import options_of
from hq_core.options.imports import SaidOptions

BAR = "{},1.0,2.0,0.5,1.5,3.0\n"
LOCAL = "date,open,high,low,close,volume\n" + "".join(BAR.format(f"2024-01-0{day} 00:00") for day in (2, 3, 4))
SAID = {"tz": "UTC", "stamp": "open"}


def rows(path, **said) -> list[tuple]:
    found = []
    for item in read(str(path), **said):
        if isinstance(item, Batch):
            times = item.view("ts").tolist()
            found += [(item.schema.key, ts, close) for ts, close in zip(times, item.view("close").tolist())]
    return found


def asked(path, **said) -> str:
    with pytest.raises(HqError) as caught:
        rows(path, **said)
    assert caught.value.code == DATA
    return str(caught.value)


OPEN = {
    "zone and stamp": (LOCAL, {}, ("pass tz (such as UTC) to read", "pass stamp to read")),
    "unit": ("time,price,qty\n1704067200,1,1\n", {}, ("pass time_unit to read",)),
    "period": ("open_time,close\n2024-01-01T00:00:00Z,1\n", {}, ("pass period to read",)),
    "month": ("open_time,close\n2024-01-01T00:00Z,1\n2024-02-01T00:00Z,1\n", {}, ("pass period to read (30d",)),
    "form": ("open_time,close\n1/2/2024,1\n", {}, ("pass time_format (such as %d/%m/%Y %H:%M) to read",)),
    "columns": ("a,b\n1,2\n", {}, ("pass columns to read",)),
    "no header": ("1,2\n", {}, ("pass columns ts=1,price=2,… to read",)),
    "no time": ("close,volume\n1,1\n", {}, ("pass columns ts=NAME to read",)),
    "kind": ("ts,price,qty,close\n1,1,1,1\n", {}, ("pass kind to read",)),
}


@pytest.mark.parametrize("what", OPEN)
def test_what_a_file_leaves_open_is_asked_for_as_an_argument(what, tmp_path, run):
    text, said, wanted = OPEN[what]
    (tmp_path / "a.csv").write_text(text)
    told = asked(tmp_path / "a.csv", **said)
    assert all(one in told for one in wanted), told
    assert "hq-import" not in told
    assert "--" not in told
    shell = run("hq-import < a.csv > /dev/null").stderr
    flags = {option.name: option.flag for option in options_of(SaidOptions).values()}
    for one in wanted:
        name = one.split()[1] if " " in one else one
        assert one.replace(name, flags[name], 1).replace(" to read", " to hq-import") in shell, shell


def test_what_is_said_is_taken(tmp_path, run):
    (tmp_path / "a.csv").write_text(LOCAL)
    found = rows(tmp_path / "a.csv", **SAID, symbol="X", period="1d")
    assert [(key, close) for key, _, close in found] == [("bar/X/1d", 1.5)] * 3
    shell = run("hq-import --tz UTC --stamp open --symbol X --period 1d < a.csv | hq-export csv --time ns --columns ts")
    assert [str(ts) for _, ts, _ in found] == [line.split(",")[1] for line in shell.text.splitlines()[1:]]


def test_columns_and_drop_are_python_s_or_the_command_s(tmp_path):
    (tmp_path / "a.csv").write_text(LOCAL.replace("close", "Last").replace("volume", "junk"))
    for columns in ({"close": "Last"}, "close=Last"):
        for drop in (["junk"], "junk", ("junk",)):
            assert len(rows(tmp_path / "a.csv", **SAID, columns=columns, drop=drop)) == 3


def test_rows_are_sorted_and_repeated_ones_dropped_and_counted(tmp_path):
    head, one, two, three = LOCAL.splitlines(keepends=True)
    (tmp_path / "a.csv").write_text(head + three + one + two + two)
    want = [(key, ts, close) for key, ts, close in rows_of(tmp_path, LOCAL)]
    reading = read(str(tmp_path / "a.csv"), **SAID, period="1d", order="sort", dedupe="exact")
    found = [len(item.view("ts")) for item in reading if isinstance(item, Batch)]
    assert sum(found) == len(want) == 3
    assert sum(reading.dropped.values()) == 1
    assert rows(tmp_path / "a.csv", **SAID, period="1d", order="sort", dedupe="exact") == want


def rows_of(folder, text):
    (folder / "b.csv").write_text(text)
    return rows(folder / "b.csv", **SAID, period="1d")


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ({"stamp": "end"}, "stamp: 'end', must be one of open, close"),
        ({"tz": "Mars/Base"}, "time zone 'Mars/Base' is not known"),
        ({"period": "1x"}, "period: period '1x' is not a count"),
        ({"delimiter": "ab"}, "delimiter is 'ab', must be one character other than decimal, or tab"),
        ({"time_format": "%d"}, "time_format"),
        ({"columns": "close"}, "columns: 'close' is not of the form close=Last"),
        ({"columns": 5}, "columns: 5, must be"),
        ({"drop": 5}, "drop: 5, must be"),
        ({"symbol": 5}, "symbol: 5, must be a text"),
    ],
)
def test_what_cannot_be_said_is_told_before_anything_is_read(said, says, tmp_path):
    with pytest.raises(HqError) as caught:
        read(str(tmp_path / "none.csv"), **said)
    assert caught.value.code == USAGE
    assert says in str(caught.value)


def test_an_unknown_argument_is_told():
    with pytest.raises(TypeError, match="zone"):
        read("a.csv", zone="UTC")  # type: ignore[call-arg]


def test_its_signature_is_that_of_the_declarations():
    _, *found = inspect.signature(read).parameters.values()
    assert {one.name: one.default for one in found} == {
        name: option.default for name, option in options_of(SaidOptions).items()
    }
    assert all(one.kind is one.KEYWORD_ONLY for one in found)


def test_frames_say_everything_themselves(tmp_path, run):
    assert run("hq-gen bars --rows 3 --seed 1 > a.hqf").code == 0
    assert len(rows(tmp_path / "a.hqf")) == 3
    with pytest.raises(HqError, match="is hq-frames already, so no option can say it") as caught:
        rows(tmp_path / "a.hqf", tz="UTC")
    assert caught.value.code == USAGE
