"""JSON by kernels: the same rows, errors, counts and states as by Python, and most rows by a kernel."""

from __future__ import annotations

import json
import math
import random
import struct

import fuzz_json
import pytest
from fuzz_json import ByPython, Slow, told

from hq_core.errors import HqError
from hq_core.formats import SourceOptions
from hq_core.formats.jsonl import JsonSource

MAKERS = dict.fromkeys(fuzz_json.MAKERS)


def counted(data: bytes, monkeypatch: pytest.MonkeyPatch, sizes: tuple[int, ...] = (1 << 20,), **options):
    """What is read, and how many rows a kernel has read."""
    found = [0]
    took = JsonSource._took

    def count(self: JsonSource, n: int) -> None:
        found[0] += n
        took(self, n)

    with monkeypatch.context() as patch:
        patch.setattr(JsonSource, "_took", count)
        said = told(JsonSource(Slow(data, list(sizes)), SourceOptions(**options)), data)
    return said, found[0]


def by_python(data: bytes, **options):
    return told(ByPython(Slow(data, [1 << 20]), SourceOptions(**options)), data)


def lines(rows: list) -> bytes:
    return "\n".join(json.dumps(row, separators=(",", ":"), ensure_ascii=False) for row in rows).encode() + b"\n"


def test_kernels_and_python_read_the_same_of_anything():
    fuzz_json.run(fuzz_json.trials(), 8)


@pytest.mark.parametrize("maker", MAKERS, ids=lambda maker: maker.__name__)
@pytest.mark.parametrize("spaces", [(",", ":"), (", ", ": ")])
def test_a_kernel_reads_nearly_all_plain_elements(maker, spaces, monkeypatch):
    turn = random.Random(5)
    while True:  # one of the forms that a maker knows without messages that are passed by
        rows = maker(turn, 400)
        if not any(isinstance(row, dict) and "depth" in str(row) for row in rows):
            break
    texts = [json.dumps(row, separators=spaces, ensure_ascii=False) for row in rows]
    data = (f"[{','.join(texts)}]" if isinstance(rows[0], list) else "\n".join(texts)).encode()
    options = {"time_unit": "ms", "stamp": "open"} if maker in (fuzz_json.candles, fuzz_json.klines) else {}
    said, n = counted(data, monkeypatch, **options)
    assert not said.wrong
    assert said == by_python(data, **options)
    assert n > 380


def test_keys_in_any_order_are_read_by_the_kernel(monkeypatch):
    turn = random.Random(3)
    rows = fuzz_json.trades(turn, 300)
    shuffled = [dict(turn.sample(list(row.items()), len(row))) for row in rows]
    first = [rows[0], *shuffled[1:]]
    said, n = counted(lines(first), monkeypatch)
    assert said == by_python(lines(first))
    assert said.rows == by_python(lines(rows)).rows
    assert n > 280


@pytest.mark.parametrize("size", [1, 2, 7, 64, 333])
def test_a_cut_anywhere_changes_nothing(size, monkeypatch):
    for maker in MAKERS:
        rows = maker(random.Random(size), 40)
        data = lines(rows) if isinstance(rows[0], dict) else json.dumps(rows).encode()
        options = {"time_unit": "ms", "stamp": "open"}
        assert counted(data, monkeypatch, (size,), **options)[0] == by_python(data, **options), maker.__name__


def trade(**values: object) -> dict[str, object]:
    return {"ts": "2026-02-01T00:00:00Z", "price": 1.5, "qty": 2, "side": "buy", "id": 7, **values}


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("-0", 0.0),  # JSON's whole number 0
        ("-0.0", -0.0),
        ('"-0"', -0.0),
        ("1e-5", 1e-5),
        ("1E2", 100.0),
        ("9007199254740993", 9007199254740992.0),
        ("0.1000000000000000055511151231257827", 0.1),
        ("123456789012345678", 123456789012345678.0),
        ("123456789012345678901234567890", 123456789012345678901234567890.0),
        ("2.2250738585072011e-308", 2.2250738585072011e-308),
        ('" 1.5 "', 1.5),
        ('"007"', 7.0),
        ("null", math.nan),
        ("true", 1.0),
        ('"-inf"', -math.inf),
    ],
)
def test_a_number_is_the_float_that_python_reads(written, value, monkeypatch):
    row = '{"kind":"equity","ts":"2026-02-01T00:00:00Z","equity":1.5,"x":%s}\n'
    data = (row % "2.5" * 3 + row % written + row % "3.5").encode()
    said, n = counted(data, monkeypatch)
    assert said == by_python(data)
    assert n >= 2
    assert said.rows["equity//"]["x"] == struct.pack("<5d", 2.5, 2.5, 2.5, value, 3.5)


@pytest.mark.parametrize(
    "written",
    [
        "01",
        "1.",
        ".5",
        "+1",
        "-",
        "1e",
        "1e400",
        "nul",
        "NaN",
        "tru",
        '"1',
        '"\x01"',
        "[1]",
        "{}",
        '"x"',
        "1 2",
        "1}{",
        '"\\q"',
    ],
)
@pytest.mark.parametrize("key", ["price", "id", "seen"])
def test_what_is_no_json_or_no_number_is_told_as_python_tells_it(key, written, monkeypatch):
    good = json.dumps(trade(seen=1))
    bad = json.dumps(trade(**{"seen": 1, key: "@"})).replace('"@"', written)
    data = "\n".join([good] * 5 + [bad, good]).encode()
    said, n = counted(data, monkeypatch)
    assert said == by_python(data)
    assert n >= 2
    assert said.wrong or (key == "seen" and written in ("[1]", "{}", '"x"'))


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace('"qty":2', '"qty":2,"qty":3'),
        lambda text: text.replace('"qty":2', '"price":2'),
        lambda text: text.replace('"qty":2,', ""),
        lambda text: text.replace('"qty":2,', '"qty":2,"more":5,'),
        lambda text: text.replace('"qty":2,', '"qty":2,,'),
        lambda text: text.replace("}", ",}"),
        lambda text: text.replace('"qty"', '"\\u0071ty"'),
        lambda text: text.replace(":2", ":2]"),
        lambda text: text.replace('"buy"', '"\x11"'),
        lambda text: text.replace('"buy"', "buy"),
    ],
)
def test_an_odd_element_among_plain_ones_is_read_or_refused_as_by_python(change, monkeypatch):
    good = json.dumps(trade(), separators=(",", ":"))
    data = "\n".join([good] * 9 + [change(good)] + [good] * 9).encode()
    said, n = counted(data, monkeypatch)
    assert said == by_python(data)
    assert n >= 7


def test_the_kernel_goes_on_after_odd_elements(monkeypatch):
    rows = [trade(price=f"{i}") if i % 50 else trade(price=1.5, more=i) for i in range(1, 2000)]
    said, n = counted(lines(rows), monkeypatch)
    assert said == by_python(lines(rows))
    assert n > 1900


def test_many_odd_elements_leave_the_rest_to_python(monkeypatch):
    asked = []
    kernel = JsonSource._by_kernel
    monkeypatch.setattr(JsonSource, "_by_kernel", lambda self: asked.append(1) or kernel(self))
    rows = [trade(more=i) if i % 2 else trade() for i in range(5000)]
    assert told(JsonSource(Slow(lines(rows), [1 << 20]), SourceOptions()), b"").order[-2][1] == 5000
    assert len(asked) < 30


def test_symbols_of_many_series_and_of_a_panel_change_in_any_row(monkeypatch):
    for key in ("symbol", "late"):
        rows = []
        for i in range(600):
            row = {
                "kind": "trade",
                "symbol": f"S{i // 40 % 5}",
                "ts": "2026-02-01T00:00:00Z",
                "price": 1.5,
                "qty": i + 1,
            }
            if key == "late":
                row["symbol"] = f"S{i * i % 7}"
                row["symbol"] = row.pop("symbol")
            rows.append(row)
        said, n = counted(lines(rows), monkeypatch)
        assert said == by_python(lines(rows))
        assert n > 560


@pytest.mark.parametrize("cut", [0.3, 0.5, 0.9])
@pytest.mark.parametrize("maker", MAKERS, ids=lambda maker: maker.__name__)
def test_a_state_between_any_two_elements_goes_on(maker, cut):
    rows = maker(random.Random(9), 60)
    data = lines(rows) if isinstance(rows[0], dict) else json.dumps(rows).encode()
    options = {"time_unit": "ms", "stamp": "open"}
    whole = by_python(data, **options)
    at = int(len(data) * cut)
    first = JsonSource(Slow(data[:at], [1 << 20]), SourceOptions(**options))
    one = told_up_to_the_cut(first, data)
    second = JsonSource(Slow(data[first.position :], [500]), SourceOptions(**options))
    list(second.load(first.save()))
    second.position = first.position
    two = told(second, data)
    assert not two.wrong
    for key, columns in whole.rows.items():
        for name, values in columns.items():
            parts = (said.rows.get(key, {}).get(name, b"") for said in (one, two))
            assert b"".join(parts) == values, (key, name)
    assert two.about[-1]["number"] == len(rows)


def told_up_to_the_cut(source: JsonSource, data: bytes):
    """What is read before the error that the input stops inside an element."""
    said = told(source, data)
    assert not said.wrong or "cut" in said.wrong
    return said


def test_an_element_of_a_kernels_row_is_named_in_an_error():
    rows = [trade(price=1.5 if i != 700 else -1) for i in range(1000)]
    with pytest.raises(HqError, match=r"element 701: price is -1.0, must be a finite number above 0"):
        list(JsonSource(Slow(lines(rows), [1 << 20]), SourceOptions()))


@pytest.mark.parametrize("late", [False, True])
def test_a_symbol_that_is_called_as_a_kind_is_no_other_series(late, monkeypatch):
    rows = []
    for i in range(60):
        kind = "trade" if i % 20 < 15 else "equity"
        values = {"price": 1.5, "qty": 1} if kind == "trade" else {"equity": 1.5}
        said = {"symbol": ["equity", "trade", "X"][i % 3]}
        time = {"ts": "2026-02-01T00:00:00Z"}
        rows.append({"kind": kind, **(time | said if late else said | time), **values})
    said, n = counted(lines(rows), monkeypatch)
    assert said == by_python(lines(rows))
    assert n > 10


def test_what_is_passed_by_at_the_end_is_counted_once_by_a_run_that_goes_on():
    row = {"e": "aggTrade", "s": "X", "a": 1, "p": "2", "q": "3", "f": 4, "l": 5, "T": 1600000000000, "m": False}
    rows = lines([row, row])
    data = rows + lines([{"e": "depth"}, {"e": "depth"}])
    first = JsonSource(Slow(data, [len(rows)]), SourceOptions())
    list(first)
    second = JsonSource(Slow(data[first.position :] + lines([row, {"x": 1}]), [1 << 20]), SourceOptions())
    list(second.load(first.save()))
    said = told(second, data)
    assert second.passed == {"depth message": 2}
    assert said.wrong.startswith("65 element 6 ")


@pytest.mark.parametrize("digits", ["1", "9", "0", "922337203685477580", "99999999999999999", "1844674407370955161"])
@pytest.mark.parametrize("sign", ["", "-"])
def test_whole_numbers_at_the_end_of_their_type_are_read_or_refused_as_by_python(sign, digits, monkeypatch):
    good = json.dumps(trade())
    for last in "0123456789":
        for text in (digits + last, digits + last + last):
            bad = good.replace('"id": 7', f'"id": {sign}{text}')
            data = "\n".join([good] * 5 + [bad, good]).encode()
            said, _ = counted(data, monkeypatch)
            assert said == by_python(data), text


def test_times_in_nanoseconds_are_read_by_the_kernel(monkeypatch):
    first = 1_767_225_600_000_000_000
    rows = [{"kind": "trade", "ts_ns": first + i, "price": 1.5, "qty": 2, "side": 1, "id": i} for i in range(1, 400)]
    said, n = counted(lines(rows), monkeypatch)
    assert said == by_python(lines(rows))
    assert n > 380
