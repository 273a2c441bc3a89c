"""CSV and JSON: a value is read as it is written or refused with its place; nothing is lost without a count."""

from __future__ import annotations

import json
import math

import fuzz_text
import pytest
from test_csv import HEAD, Slow, gather, read_bytes

from hq_core.errors import HqError
from hq_core.formats import SourceOptions, open_source
from hq_core.formats.csv import CsvSource
from hq_core.formats.times import exact_whole, instant, read_epoch

TRADE = {"ts": "2026-02-01T00:00:00Z", "price": 1, "qty": 2}
KLINE = {
    "t": 1600000000000,
    "T": 1600000059999,
    "i": "1m",
    "o": "1",
    "c": "2",
    "h": "3",
    "l": "1",
    "v": "4",
    "n": 5,
    "x": True,
    "q": "6",
    "V": "7",
    "Q": "8",
}


def lines(*objects: object) -> bytes:
    return "\n".join(map(json.dumps, objects)).encode()


def items(data: bytes, **options):
    from frames import tagged

    from hq_core.formats.jsonl import JsonSource

    return list(tagged(JsonSource(Slow(data, []), SourceOptions(**options))))


def refused(data: bytes, message: str, **options) -> None:
    with pytest.raises(HqError, match=message) as caught:
        read_bytes(data, **options)
    assert caught.value.code == 65
    assert "\n" not in str(caught.value)


# -- numbers ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "unit", "ns"),
    [
        ("1600000000.123456789", 10**9, 1600000000123456789),
        ("1.6e9", 10**9, 1600000000 * 10**9),
        ("-1.5", 1000, -1500),
        ("0.0", 10**9, 0),
        ("1600000000.1234567891", 10**9, None),
        ("1e5000000", 1, None),
        ("1e-5000000", 10**9, None),
        ("1e99999999999", 1, None),
        ("9" * 100_000, 1, None),
        ("0" * 100_000 + "7", 1, 7),
        (".", 1, None),
        ("", 1, None),
        ("12_3", 1, None),
        ("9214646400", 10**9, 9214646400 * 10**9),
        ("9223372036", 10**9, None),
    ],
)
def test_an_epoch_is_exact_or_refused_without_a_giant_number(text, unit, ns):
    assert read_epoch(text, unit) == ns


def test_whole_numbers_do_not_go_by_way_of_a_float():
    assert exact_whole("9007199254740993.0") == 9007199254740993
    rows = HEAD + b"9007199254740993.0,2.5,3,1600000000001,true\n"
    assert read_bytes(rows)["trade//"]["id"] == [1, 9007199254740993]
    refused(rows.replace(b"3.0,", b"2.4,"), "row 2 .*'9007199254740992.4' is not a whole number")


def test_a_time_in_a_json_float_keeps_its_nanoseconds():
    data = b'{"ts":1600000000.123456789,"price":1.5,"qty":2}\n{"ts":1600000001.5,"price":1.5,"qty":2}'
    assert read_bytes(data, time_unit="s")["trade//"]["ts"] == [1600000000123456789, 1600000001500000000]


@pytest.mark.parametrize("text", [b"1e400", b"-1e400", b"9" * 400])
def test_a_number_that_overflows_is_refused_and_no_infinity(text):
    refused(HEAD + b"2,%s,3,1600000000001,true\n" % text, "row 2 .*column 'price': .* beyond what a 64-bit float holds")
    refused(
        lines(TRADE) + b'\n{"ts":"2026-02-01T00:00:00Z","price":%s,"qty":1}' % text,
        r"element 2 \(byte 53\): .*"
        "(infinity|beyond)",
    )


@pytest.mark.parametrize("text", [b"\x10", b"\x11"])
def test_a_control_character_is_no_digit_of_a_truth_or_a_side(text):
    refused(HEAD + b"2,2.5,3,1600000000001,%s\n" % text, "row 2 .*column 'is_buyer_maker': .* is not true or false")
    sides = b"ts,price,qty,side\n" + b"2026-02-01T00:00:00Z,1,1,%s\n" * 2 % (b"1", text)
    refused(sides, "row 2 .*column 'side': .* is not buy or sell")


def test_a_written_infinity_is_read_only_where_a_field_may_be_empty():
    bars = b"open_time,close,volume,open_long\n1600000000000,1,1,inf\n1600000060000,1,-inf,\n"
    got = read_bytes(bars, invalid="keep")["bar//1m"]
    assert got["open_long"][0] == math.inf
    assert got["volume"] == [1, -math.inf]
    objects = [{"open_time": 1600000000000 + 60000 * i, "close": 1, "open_long": "inf"} for i in range(2)]
    assert read_bytes(lines(*objects))["bar//1m"]["open_long"] == [math.inf, math.inf]
    refused(lines({**TRADE, "price": "inf"}), "'price': 'inf' is not a number")


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("id", 2**63, "does not fit 64 bits"),
        ("id", 2**70, "does not fit 64 bits"),
        ("id", 1.5, "not a whole number"),
        ("trades", 2**31, "does not fit 32 bits"),
        ("side", 300, "not buy or sell"),
        ("side", True, "not buy or sell"),
        ("price", {"a": 1}, "not a number"),
        ("price", [1], "not a number"),
        ("price", True, "not a number"),
        ("price", None, "not a number"),
        ("ts", [1], "not an ISO 8601 time"),
        ("ts", None, "not an ISO 8601 time"),
    ],
)
def test_json_values_beyond_a_column_are_refused_by_element(key, value, message):
    good = {**TRADE, "id": 1, "trades": 1, "side": "buy"}
    refused(lines(good, {**good, key: value}), rf"element 2 \(byte \d+\): '{key}': .*{message}")


def test_an_offset_of_99_hours_is_no_time():
    refused(b"ts,price,qty\n2026-02-01T00:00:00+99:00,1,1\n", "'2026-02-01T00:00:00.99:00' is not a time")


def test_a_period_of_more_years_than_time_has_is_refused():
    for period in ("99999999999999999999d", "90000d"):
        bar = {"kind": "bar", "period": period, "open_time": 1600000000000, "close": 1}
        refused(lines(bar), "longer than 100 years")
        refused(b"open_time,close\n1600000000000,1\n", "longer than 100 years", period=period)


def test_an_instant_that_a_user_writes_may_be_anything():
    with pytest.raises(HqError, match="is not ISO 8601"):
        instant("1e5000000s")


# -- symbols and keys ------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("symbol", "said"), [(None, "is null"), (5, "no text"), (True, "no text"), ("", "is empty"), ([], "no text")]
)
def test_a_json_symbol_is_a_text(symbol, said):
    refused(lines({"symbol": symbol, **TRADE}), rf"element 1 \(byte 0\): 'symbol': .*{said}")
    refused(lines({"symbol": "A", **TRADE}, {"symbol": symbol, **TRADE}), rf"element 2 .*'symbol': .*{said}")


def test_a_csv_row_without_its_symbol_is_refused():
    head = b"symbol,ts,price,qty\n"
    refused(head + b",2026-02-01T00:00:00Z,1,1\n", r"row 1 \(byte 20\): column 'symbol' is empty")
    refused(head + b"A,2026-02-01T00:00:00Z,1,1\n,2026-02-01T00:00:00Z,1,1\n", "row 2 .*column 'symbol' is empty")


def test_keys_that_only_later_objects_have_are_counted():
    found = items(lines(TRADE, {**TRADE, "side": "buy"}, {**TRADE, "side": "buy", "id": 1}))
    assert found[-1] == (
        "end",
        {
            "kind": "end",
            "dropped": {
                "values of 'side', which the first object lacks": 2,
                "values of 'id', which the first object lacks": 1,
            },
        },
    )


def test_keys_that_later_objects_lack_are_empty_or_refused():
    bars = [{"open_time": 1600000000000 + 60000 * i, "close": 1, "volume": 5, "rsi": 5} for i in range(3)]
    del bars[2]["volume"], bars[2]["rsi"]
    got = read_bytes(lines(*bars))["bar//1m"]
    assert math.isnan(got["volume"][2])
    assert math.isnan(got["rsi"][2])
    refused(lines(TRADE, {"ts": TRADE["ts"], "price": 1}), "element 2 .*'qty': '' is missing")
    refused(lines({**TRADE, "id": 1}, TRADE), "element 2 .*'id': '' is missing")


def test_symbols_may_have_keys_of_their_own(run):
    """Their rows are panels of one name and other columns, as those of hq-merge are."""
    data = lines(*({"symbol": s, **TRADE, **({"id": at} if s == "B" else {})} for at, s in enumerate("ABAB", 6)))
    ran = run("hq-import | hq-merge --series | hq-export jsonl", data)
    assert [sorted(json.loads(line).items())[:2] for line in ran.text.splitlines()] == [
        [("kind", "trade"), ("price", 1.0)],
        [("kind", "trade"), ("price", 1.0)],
        [("id", 7), ("kind", "trade")],
        [("id", 9), ("kind", "trade")],
    ]


@pytest.mark.parametrize(
    "text",
    [
        '{"ts":"2026-02-01T00:00:00Z","price":1,"qty":2,"price":3}',
        '{"stream":"x","data":{"e":"trade","s":"X","t":1,"p":"1","q":"1","T":1600000000000,"m":true,"p":"2"}}',
    ],
)
def test_a_key_that_is_there_twice_is_refused(text):
    refused(text.encode(), r"element 1 \(byte 0\): the key '(price|p)' is there twice")


# -- bad input is not our bug ----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "kline",
    [
        None,
        5,
        [],
        "x",
        {},
        {"t": "x"},
        {**KLINE, "i": []},
        {**KLINE, "t": {}},
        {**KLINE, "o": [1]},
        {**KLINE, "x": 1},
        {**KLINE, "n": 2**64},
    ],
)
def test_a_kline_message_with_wrong_types_is_refused(kline):
    message = {"e": "kline"} if kline is None else {"e": "kline", "k": kline}
    if kline == {**KLINE, "i": []}:
        message["k"]["o"] = None
    with pytest.raises(HqError) as caught:
        read_bytes(lines(message))
    assert caught.value.code == 65
    assert str(caught.value).startswith("element 1 (byte 0)")


def test_a_bad_time_in_the_second_bar_is_refused_with_its_row():
    refused(b"open_time,close\n1600000000000,1\nxx,1\n", "row 2: column 'open_time': 'xx' has 2 digits")
    bars = [{"open_time": t, "close": 1} for t in (1600000000000, "xx")]
    refused(lines(*bars), "element 2 .*column 'open_time': 'xx'")
    refused(b"ts,price,qty\n1e5000000,1,1\n", "row 1 .*'1e5000000' is not a time", time_unit="s")


def test_json_nested_3000_deep_is_refused():
    refused(b'{"a":' * 3000 + b"1" + b"}" * 3000, "byte 320: the JSON is nested more than 64 deep")
    refused(b"[" * 3000 + b"]" * 3000, "nested more than 64 deep")
    assert read_bytes(lines({**TRADE, "note": json.loads("[" * 60 + "]" * 60)}))["trade//"]["price"] == [1]


def test_more_columns_than_a_series_takes_are_refused_with_their_count():
    names = [f"c{i}" for i in range(40_000)]
    data = ",".join(["open_time", "close", *names]) + "\n" + ",".join(["1600000000000", "1"] + ["1"] * 40_000) + "\n"
    refused(data.encode(), "40003 columns of numbers, a series takes at most 4096", period="1m")


def test_many_columns_take_no_more_memory_than_few():
    from hq_core.formats.layouts import build
    from hq_core.formats.rows import ROOM, RowBlock, room_of

    for n in (1, 20, 4000):
        plan = build(
            ["open_time", "close", *(f"c{i}" for i in range(n))],
            ["1600000000000", *["1"] * (n + 1)],
            SourceOptions(period="1m"),
        )
        assert RowBlock(plan, SourceOptions(), room_of(plan)).memory.size <= 4 << 20
        assert (room_of(plan) == ROOM) == (n <= 20)


def test_objects_of_endless_forms_are_refused():
    refused(lines(*({"symbol": f"S{i}", **TRADE, f"k{i}": 1} for i in range(200))), "at most 100 forms")


# -- candles of six --------------------------------------------------------------------------------------------
def test_candles_of_six_need_no_option():
    candles = [[1600000000000 + 60000 * i, 1, 2.5, 0.5, "1.5", None if i else 10] for i in range(3)]
    for data in (json.dumps(candles), json.dumps(candles, indent=2), "\n".join(map(json.dumps, candles))):
        got = read_bytes(data.encode())["bar//1m"]
        assert got["open_time"] == [1600000000000000000 + 60 * 10**9 * i for i in range(3)]
        assert got["close"] == [1.5] * 3
        assert got["volume"][0] == 10
        assert math.isnan(got["volume"][2])
    one = json.dumps(candles[:1]).encode()
    refused(one, "one row alone does not tell its period")
    assert list(read_bytes(one, period="5m")) == ["bar//5m"]
    refused(json.dumps([[1600000000, 1, 1, 1, 1, 1]]).encode(), "seconds, ms, us or ns")
    refused(b"1600000000000,1,2,0.5,1,10\n" * 2, "6 columns without a header, in no known order")


# -- the end of a pipe -----------------------------------------------------------------------------------------
@pytest.mark.parametrize("tail", ["2,2.5,3,1600000001000,tru", "2,2.5,3,1600000001000,true", "2", "2,2.5,3,16"])
def test_a_line_that_a_pipe_ends_in_is_refused_after_the_rows_before_it(run, tmp_path, tail):
    data = HEAD + tail.encode()
    ran = run("hq-import > out.hqf; code=$?; hq-export csv < out.hqf 2> /dev/null | wc -l; exit $code", data)
    assert ran.code == 65
    assert ran.text.split() == ["2"]  # the header and the row before
    assert f"row 2 (byte {len(HEAD)}): the input ends inside this line" in ran.stderr
    (tmp_path / "cut.csv").write_bytes(HEAD + b"2,2.5,3,1600000001000,true")
    assert run("hq-import < cut.csv | hq-export csv | wc -l").text.split() == ["3"]  # a file says where it ends
    assert run("gzip < cut.csv | hq-import | hq-export csv | wc -l").text.split() == ["3"]
    assert run("{ cat cut.csv; echo; } | hq-import | hq-export csv | wc -l").text.split() == ["3"]


def test_the_second_row_of_a_symbol_is_looked_for_in_one_pass():
    head = b"symbol,open_time,close\n"
    rows = b"".join(b"S%d,%d,1\n" % (i, 1600000000000) for i in range(5000)) + b"S0,1600000060000,1\n"
    assert read_bytes(head + rows)["bar//1m"]["symbol"] == [*(f"S{i}" for i in range(5000)), "S0"]
    held = [{"symbol": s, "open_time": 1600000000000 + 60000 * i, "close": 1} for i in range(2) for s in "ABC"]
    assert read_bytes(lines(*held))["bar//1m"]["symbol"] == list("ABCABC")


# -- fuzz ------------------------------------------------------------------------------------------------------
def test_mutated_text_gives_rows_or_one_error():
    told = fuzz_text.run(fuzz_text.trials(), 7)
    assert told["refused"] > told["trials"] / 2
    assert told["grown_mb"] < 200 + 0.005 * told["trials"]  # a process keeps some KB of each source it had


def test_any_cut_of_mutated_text_says_the_same():
    import random

    turn = random.Random(11)

    def outcome(data: bytes, sizes: list[int], options) -> str:
        from hq_core.formats.csv import CsvSource
        from hq_core.formats.jsonl import JsonSource

        source = JsonSource if data[:1] in (b"{", b"[") else CsvSource
        try:
            return repr(gather(source(Slow(data, sizes), SourceOptions(**options)))[0])
        except HqError as error:
            return str(error)

    for _ in range(150):
        data, options = turn.choice(fuzz_text.PLAIN)
        data = fuzz_text.mutated(data, turn)
        if data:
            assert outcome(data, [turn.randrange(1, 60)], options) == outcome(data, [], options), data


def test_an_open_source_gives_what_it_read_ahead(tmp_path):
    from frames import frames, tagged, trades

    (tmp_path / "a.hqf").write_bytes(frames(trades([(1, 1.0, 2.0)])))
    with open(tmp_path / "a.hqf", "rb") as file:
        assert sum(item.n for kind, item in tagged(open_source(file.fileno())) if kind == "rows") == 1


@pytest.mark.parametrize("offset", ["+00", "-05", "+0530", "+05:30", "Z", " UTC"])
def test_an_offset_may_be_hours_alone(offset: str) -> None:
    from datetime import datetime, timedelta

    hours = {"-05": -5.0, "+0530": 5.5, "+05:30": 5.5}.get(offset, 0.0)
    at = datetime(2025, 6, 25, 22) - timedelta(hours=hours)
    ns = int((at - datetime(1970, 1, 1)).total_seconds()) * 10**9
    text = "ts,price,qty\n" + f"2025-06-25 22:00:00{offset},1,2\n" * 2
    [columns] = read_bytes(text.encode()).values()
    assert columns["ts"] == [ns, ns]


@pytest.mark.parametrize(("ids", "read"), [(("u1", "u2"), False), (("7.0", "8"), True), (("", "8"), False)])
def test_ids_that_are_no_whole_numbers_are_left_out_with_a_word(ids, read) -> None:
    options = SourceOptions()
    text = "ts,price,qty,id\n" + "".join(f"2025-06-25T22:00:0{i}Z,1,2,{one}\n" for i, one in enumerate(ids))
    columns = gather(CsvSource(Slow(text.encode(), []), options))[0]["trade//"]
    assert ("id" in columns) == read
    assert any("trades that repeat are not noticed" in line for line in options.remarks) != read
