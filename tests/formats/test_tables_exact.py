"""Values of .npy, .npz, Parquet and Arrow: each as it was, or refused with its row and column."""

from __future__ import annotations

import io
import math
import struct
from decimal import Decimal
from itertools import permutations

import numpy as np
import pyarrow as pa
import pytest
from frames import frames, tagged, trades
from hypothesis import given, settings
from hypothesis import strategies as st
from inputs import descriptor, exported
from pyarrow import parquet
from test_formats import doubles, longs, read

from hq_core.batch import Batch, Schema
from hq_core.errors import HqError
from hq_core.formats import SourceOptions, open_source
from hq_core.formats.tables import described, understood

START = 1_600_000_000 * 10**9
SECOND = 10**9


def npz(**arrays) -> bytes:
    to = io.BytesIO()
    np.savez(to, **arrays)
    return to.getvalue()


def parquet_of(table, **options) -> bytes:
    to = io.BytesIO()
    parquet.write_table(table if isinstance(table, pa.Table) else pa.table(table), to, **options)
    return to.getvalue()


def stream_of(table) -> bytes:
    table = table if isinstance(table, pa.Table) else pa.table(table)
    to = io.BytesIO()
    with pa.ipc.new_stream(to, table.schema) as writer:
        writer.write_table(table)
    return to.getvalue()


def ticks(**columns):
    """Columns of three trades, with some of them replaced."""
    plain = {"ts_s": np.arange(3) + 1_600_000_000, "price": np.ones(3), "qty": np.ones(3)}
    for name in columns:
        if name.startswith("ts"):
            del plain["ts_s"]
    return {**plain, **columns}


def refused(data: bytes, message: str, **options) -> None:
    with pytest.raises(HqError, match=message) as caught:
        read(data, **options)
    assert caught.value.code == 65
    assert "\n" not in str(caught.value)


# -- times -------------------------------------------------------------------------------------------------
def days(*dates: str, unit: str) -> np.ndarray:
    return np.array(dates, dtype=f"datetime64[{unit}]")


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (
            ticks(ts_s=np.array([1_600_000_000, 10**12, 0])),
            r"row 2: column 'ts_s': 1000000000000 s is outside the years 1678",
        ),
        (
            ticks(ts_s=np.array([10**12, 1, 2])),
            r"row 1: column 'ts_s': 1000000000000 s is outside the years 1678 to 2261",
        ),
        (ticks(ts_s=np.array([1, 2, -(10**11)])), r"row 3: column 'ts_s': -100000000000 s is outside"),
        (
            ticks(ts_ns=np.array([1, 2, 2**63 + 5], dtype=np.uint64)),
            r"row 3: column 'ts_ns': 9223372036854775813 ns is out",
        ),
        (ticks(ts_ms=np.array([1.0, math.nan, 2.0])), r"row 2: column 'ts_ms': nan is not a whole number"),
        (ticks(ts_ms=np.array([1.0, math.inf, 2.0])), r"row 2: column 'ts_ms': inf is not a whole number"),
        (ticks(ts_ms=np.array([1.0, 2.5, 2.0])), r"row 2: column 'ts_ms': 2.5 is not a whole number"),
        (ticks(ts=np.array([True, False, True])), r"row 1: column 'ts': 'true' is not a time"),
        (
            ticks(ts=days("2020-01-01", "9999-01-01", "2020-01-02", unit="D")),
            "row 2: column 'ts': .* is outside the years",
        ),
        (
            ticks(ts=days("2020-01-01", "9999-01-01", "2020-01-02", unit="s")),
            "row 2: column 'ts': .* is outside the years",
        ),
        (
            ticks(ts=days("2020-01-01", "9999-01-01", "2020-01-02", unit="us")),
            "row 2: column 'ts': .* is outside the years",
        ),
        (ticks(ts=days("2020", "9999", "2021", unit="Y")), "row 2: column 'ts': .* is outside the years"),
        (ticks(ts=days("2020", "99999999", "2021", unit="Y")), "column 'ts': .*dates far outside the years"),
        (ticks(ts=days("2020-01-01", "NaT", "2020-01-02", unit="ns")), "row 2: column 'ts': has no value"),
        (ticks(ts=days("NaT", "2020-01-01", "2020-01-02", unit="ns")), "row 1: column 'ts': 'null' is not a time"),
        (
            ticks(ts=np.array([1000, 1001, 2000], dtype="datetime64[ps]")),
            "row 2: column 'ts': 1001 is no whole nanosecond",
        ),
        (ticks(ts=np.array([1, 2, 3], dtype="timedelta64[s]")), "column 'ts': '<timedelta64.s.>' is not a time"),
    ],
)
def test_times_that_would_wrap_are_refused(columns, message):
    refused(npz(**columns), message, tz="UTC")


@pytest.mark.parametrize("unit", ["Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns", "ps", "15m"])
def test_instants_in_any_unit_are_exact(unit):
    ts = days("1970-01-01", "1999-12-31T23:59", "2261-01-01", unit=unit)
    expected = ts.astype("datetime64[ns]").astype(np.int64) if unit != "ps" else None
    if unit == "ps":
        ts = np.array([0, -5000, 3 * 10**15], dtype="datetime64[ps]")
        expected = np.array([0, -5, 3 * 10**12])
    for order in "<>":
        got = read(npz(**ticks(ts=ts.astype(ts.dtype.newbyteorder(order)))), tz="UTC")
        assert got["trade//"]["ts"] == expected.astype("<i8").tobytes()


@pytest.mark.parametrize("make", [stream_of, parquet_of])
@pytest.mark.parametrize(
    ("kind", "value", "ns"),
    [
        (pa.timestamp("s", tz="UTC"), 1_600_000_000, START),
        (pa.timestamp("ms", tz="Asia/Tokyo"), 1_600_000_000_001, START + 10**6),
        (pa.timestamp("us"), -1, -1000),
        (pa.timestamp("ns"), START + 1, START + 1),
        (pa.date32(), 18_000, 18_000 * 86400 * SECOND),
        (pa.date64(), 86_400_000 * 18_000, 18_000 * 86400 * SECOND),
        (pa.string(), "2020-09-13T12:26:40Z", START),
        (pa.string_view(), "2020-09-13T12:26:40Z", START),
        (pa.large_string(), "2020-09-13 12:26:40.5", START + SECOND // 2),
    ],
)
def test_arrow_instants_of_any_type_are_exact(make, kind, value, ns):
    got = read(make(ticks(ts=pa.array([value] * 3, kind))), tz="UTC")
    assert got["trade//"]["ts"] == longs(ns, ns, ns)


@pytest.mark.parametrize(
    ("ts", "message"),
    [
        (
            pa.array([0, 10**12, 1], pa.timestamp("s", tz="UTC")),
            "row 2: column 'ts': 1000000000000 s is outside the years",
        ),
        (
            pa.array([0, 10**15, 1], pa.timestamp("ms", tz="UTC")),
            "row 2: column 'ts': 1000000000000000 ms is outside the years",
        ),
        (pa.array([0, 2_000_000, 1], pa.date32()), "row 2: column 'ts': 2000000 D is outside the years"),
        (pa.array([0, None, 1], pa.timestamp("s", tz="UTC")), "row 2: column 'ts': has no value"),
        (pa.array([1, 2, 3], pa.time64("us")), "column 'ts': '<time64.us.>' is not a time"),
        (pa.array([1, 2, 3], pa.duration("s")), "column 'ts': '<duration.s.>' is not a time"),
        (pa.array(["2020-01-01T00:00:00Z", "x", ""]), "row 2: column 'ts': 'x' is not an ISO 8601 time"),
        (pa.array(["2020-01-01T00:00:00Z", "2020-01-01", ""]), "row 2: column 'ts': '2020-01-01' has no zone"),
    ],
)
def test_arrow_instants_that_would_wrap_are_refused(ts, message):
    refused(stream_of(ticks(ts=ts)), message, tz="UTC")


def test_96_bit_instants_beyond_nanoseconds_are_refused():
    fine = pa.array([0, 1_600_000_000_123_456, 2], pa.timestamp("us"))
    far = pa.array([0, 253_370_764_800_000_000, 2], pa.timestamp("us"))  # of the year 9999
    old = {"use_deprecated_int96_timestamps": True, "store_schema": False}
    got = read(parquet_of(ticks(ts=fine), **old), tz="UTC")
    assert got["trade//"]["ts"] == longs(0, 1_600_000_000_123_456_000, 2000)
    refused(parquet_of(ticks(ts=far), **old), "column 'ts' has times outside the years 1678 to 2261", tz="UTC")


# -- whole numbers -----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (ticks(side=np.array([1, 300, -1])), "row 2: column 'side': 300 is not buy or sell"),
        (ticks(side=np.array(["buy", "x", "sell"])), "row 2: column 'side': 'x' is not buy or sell"),
        (ticks(side=np.array([True, False, True])), "row 1: column 'side': is of bool"),
        (ticks(isBuyerMaker=np.array([1, 2, 0])), "row 2: column 'isBuyerMaker': 2 is not true or false"),
        (ticks(trades=np.array([1, 2**31, 3])), "row 2: trades is 2147483648, which does not fit 32 bits"),
        (
            ticks(first_trade_id=np.array([1, 1, 1]), last_trade_id=np.array([1, 9 * 10**9, 1])),
            "row 2: trade ids 1 to 9000000000 are 9000000000 trades: 1 to 2147483647 can be",
        ),
        (
            ticks(first_trade_id=np.array([1, 10, 1]), last_trade_id=np.array([1, 5, 1])),
            "row 2: trade ids 10 to 5 are -4 trades",
        ),
        (
            ticks(first_trade_id=np.array([1, -(2**63), 1]), last_trade_id=np.array([1, 2**63 - 1, 1])),
            "row 2: trade ids -922",
        ),
        (
            ticks(first_trade_id=np.array([1, -(2**62), 1]), last_trade_id=np.array([1, 2**62, 1])),
            "row 2: trade ids -461",
        ),
        (
            ticks(id=np.array([1.0, 2.0**53, 3.0])),
            r"row 2: column 'id': 9007199254740992.0 may have been another number",
        ),
        (ticks(id=np.array([1, 2**63, 3], dtype=np.uint64)), "row 2: column 'id': 9223372036854775808 is not within"),
        (ticks(id=np.array([1.0, 2.5, 3.0])), "row 2: column 'id': 2.5 is not a whole number"),
    ],
)
def test_whole_numbers_that_would_wrap_are_refused(columns, message):
    refused(npz(**columns), message)


def test_trade_ids_in_text_that_give_no_count_are_refused():
    head = b"agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,is_buyer_maker\n"
    first = b"1,1.0,1.0,10,12,1600000000000,true\n"
    assert read(head + first)["trade//"]["trades"] == struct.pack("<i", 3)
    refused(head + first + b"2,1.0,1.0,10,5,1600000000001,true\n", r"row 2 .*: trade ids 10 to 5 are -4 trades")
    refused(head + first + b"2,1.0,1.0,1,9000000000,1600000000001,true\n", r"row 2 .*: trade ids 1 to 9000000000 are")


def test_the_rows_before_a_bad_one_are_handed_out():
    from test_csv import Slow

    from hq_core.formats.arrays import NpzSource

    price = np.arange(1, 20_001) / 7
    qty = np.r_[np.ones(19_000), math.inf, np.ones(999)]
    source = NpzSource(Slow(npz(ts_ms=np.arange(20_000), price=price, qty=qty), [9999]))
    rows = 0
    try:
        for kind, item in tagged(source):
            rows += item.n if kind == "rows" else 0
    except HqError as error:
        assert str(error) == "row 19001: column 'qty': inf is not a number"  # noqa: PT017  rows are counted before it
    assert rows == 19_000


def test_whole_numbers_at_their_limits_are_taken():
    ids = np.array([2**53 - 1, -(2**63), 2**63 - 1])
    assert read(npz(**ticks(id=ids)))["trade//"]["id"] == ids.astype("<i8").tobytes()
    assert read(npz(**ticks(id=ids.astype(">i8"))))["trade//"]["id"] == ids.astype("<i8").tobytes()
    floats = np.array([1.0, 2.0**53 - 1, -7.0])
    assert read(npz(**ticks(id=floats)))["trade//"]["id"] == longs(1, 2**53 - 1, -7)
    counts = np.array([2**31 - 1, 1, 0])
    assert read(npz(**ticks(trades=counts)))["trade//"]["trades"] == counts.astype("<i4").tobytes()
    first, last = np.array([1, 2**63 - 1, -1]), np.array([2**31 - 1, 2**63 - 1, -1])
    near = read(npz(**ticks(first_trade_id=first, last_trade_id=last)))
    assert near["trade//"]["trades"] == struct.pack("<3i", 2**31 - 1, 1, 1)


@pytest.mark.parametrize("kind", [pa.int64(), pa.uint64(), pa.decimal128(20, 0), pa.string()])
def test_ids_of_any_type_are_exact_and_missing_ones_refused(kind):
    ids = [9007199254740993, 9007199254740995, 9223372036854775807]
    made = str if kind == pa.string() else Decimal if pa.types.is_decimal(kind) else int
    values = pa.array([made(id_) for id_ in ids], kind)
    for make in (stream_of, parquet_of):
        assert read(make(ticks(id=values)))["trade//"]["id"] == longs(*ids)
    gap = pa.concat_arrays([values[:1], pa.nulls(1, kind), values[:1]])
    refused(stream_of(ticks(id=gap)), "row 2: column 'id': has no value")


# -- prices ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("price", "message"),
    [
        (np.array([1 + 0j, 2 + 3j, 1]), "row 1: column 'price': is of complex128"),
        (np.array([True, False, True]), "row 1: column 'price': is of bool"),
        (np.array(["1", "x", "2"]), "row 2: column 'price': 'x' is not a number"),
        (np.array(["1", "1e400", "2"]), "row 2: column 'price': '1e400' is beyond what a 64-bit float holds"),
        (np.array(["1", "1_0", "2"]), "row 2: column 'price': '1_0' is not a number"),
        (
            np.array(["1", "1,000.5", "2"]),
            "row 2: .*'1,000.5' is not a number; hq-import reads numbers without thousands",
        ),
        (np.array([1, 2**53 + 1, 1]), "row 2: column 'price': 9007199254740993 is no 64-bit floating-point number"),
        (np.array([1, 2**63 - 1, 1]), "row 2: column 'price': 9223372036854775807 is no 64-bit"),
        (np.array([1, 2**64 - 1, 1], dtype=np.uint64), "row 2: column 'price': 18446744073709551615 is no 64-bit"),
        (np.array([1.0, math.nan, 1]), "row 2: column 'price': nan is not a number"),
        (np.array([1.0, -math.inf, 1]), "row 2: column 'price': -inf is not a number"),
        (np.array(["2020", "2021", "2022"], dtype="datetime64[D]"), "row 1: column 'price': is of instants"),
        (np.ones((3, 2)), "row 1: column 'price': is of vectors of 2"),
        (np.array([1, 1 + np.longdouble(2) ** -60, 1]), "row 2: column 'price': .* does not fit 64-bit numbers"),
    ],
)
def test_prices_that_would_change_are_refused(price, message):
    if message.endswith("64-bit numbers") and np.finfo(np.longdouble).nmant < 60:
        pytest.skip("long double is no wider here")
    refused(npz(**ticks(price=price)), message)


@pytest.mark.parametrize(
    ("price", "expected"),
    [
        (np.array([0.1, 2.5, 3e38], dtype="<f4"), [float(np.float32(0.1)), 2.5, float(np.float32(3e38))]),
        (np.array([0.1, 2.5, 3.0], dtype=">f8"), [0.1, 2.5, 3.0]),
        (np.array([0.5, 2.5, 3.0], dtype="<f2"), [0.5, 2.5, 3.0]),
        (np.array([2**53, 2**53 + 2, 2**62]), [2.0**53, 2.0**53 + 2, 2.0**62]),
        (np.array([1, 2**63, 3], dtype=np.uint64), [1.0, 2.0**63, 3.0]),
        (np.array(["0.1", "1e-3", "0.30000000000000004"]), [0.1, 1e-3, 0.30000000000000004]),
        (np.array([b"0.1", b"1e-3", b"7"]), [0.1, 1e-3, 7.0]),
    ],
)
def test_prices_are_widened_exactly(price, expected):
    assert read(npz(**ticks(price=price)))["trade//"]["price"] == doubles(*expected)


def test_decimals_are_rounded_as_float_rounds_their_text():
    texts = ["0.1", "0.3", "123456789012345.678901", "9007199254740993.000001", "0.000001", "7.7"]
    for kind in (pa.decimal128(30, 6), pa.decimal256(50, 6)):
        n = len(texts)
        table = {"ts_s": np.arange(n), "price": pa.array([Decimal(text) for text in texts], kind), "qty": np.ones(n)}
        for make in (stream_of, parquet_of):
            assert read(make(table))["trade//"]["price"] == doubles(*map(float, texts))


def test_missing_values_are_nan_where_bars_allow_it_and_refused_in_trades():
    bars = {
        "open_time_ms": np.arange(3) * 60_000,
        "close": pa.array([1.0, None, 3.0]),
        "volume": pa.array([1, None, 2**53]),
    }
    for make in (stream_of, parquet_of):
        got = read(make(bars))["bar//1m"]
        assert np.isnan(np.frombuffer(got["close"])).tolist() == [False, True, False]
        assert np.frombuffer(got["volume"])[2] == 2**53
        refused(make(ticks(price=pa.array([1.0, None, 3.0]))), "row 2: column 'price': has no value")


def stream_alone(table: dict) -> bytes:
    """A stream whose columns are dictionaries."""
    made = pa.table(table)
    return stream_of(pa.table({name: made[name].combine_chunks().dictionary_encode() for name in made.column_names}))


def test_numbers_in_dictionaries_are_decoded():
    table = {
        "ts": pa.array([START, START, START + 10**9], pa.timestamp("ns", tz="UTC")),
        "price": pa.array([1.5, 0.1, 1.5]),
        "qty": pa.array([3, 1, 3], pa.int16()),
        "id": pa.array([2**60 + 1, 2**60 + 2, 2**60 + 1]),
        "is_buyer_maker": pa.array([True, False, True]),
    }
    assert read(stream_alone(table)) == read(stream_of(table))
    bars = {
        "open_time_ms": pa.array([0, 60_000, 120_000]),
        "close": pa.array([1.5, None, 1.5]),
        "x": pa.array([7, 7, 8]),
    }
    assert read(stream_alone(bars)) == read(stream_of(bars))
    refused(stream_alone({**table, "price": pa.array([1.0, None, 3.0])}), "row 2: column 'price': has no value")


def test_an_own_file_whose_numbers_are_dictionaries_is_read():
    rows = [(START + at * 10**9, float(at % 2), 1.0) for at in range(4)]
    data = exported(frames(trades(rows)), "arrow")
    table = pa.ipc.open_file(data).read_all()
    coded = {name: table[name].combine_chunks().dictionary_encode() for name in table.column_names}
    assert read(stream_of(pa.table(coded).replace_schema_metadata(table.schema.metadata))) == read(data)


# -- columns that nobody asked for --------------------------------------------------------------------------
@pytest.mark.parametrize("make", [stream_of, parquet_of])
def test_columns_of_any_type_that_nobody_asked_for_do_not_block(make):
    n = 3
    more = {
        "list": pa.array([[1], None, []]),
        "struct": pa.array([{"a": 1}, None, {"a": 2}]),
        "null": pa.nulls(n),
        "bytes": pa.array([b"x", None, b"\xff"]),
        "big": pa.array(["y" * 100_000] * n, pa.large_string()),
        "text": pa.array(["", "b", None]),
        "words": pa.array(["a", None, "b"]).dictionary_encode(),
        "flag": pa.array([True, None, False]),
        "day": pa.array([1, None, 2], pa.date32()),
        "clock": pa.array([1, None, 2], pa.time32("s")),
        "took": pa.array([1, None, 2], pa.duration("ns")),
        "map": pa.array([[("k", 1)], None, []], pa.map_(pa.string(), pa.int64())),
    }
    assert read(make({**more, **ticks()})) == read(make(ticks()))
    bars = {"open_time_ms": np.arange(3) * 60_000, "close": np.ones(3)}
    assert set(read(make({**more, **bars}))["bar//1m"]) == {"ts", "open_time", "close"}


def test_arrays_that_nobody_asked_for_do_not_block():
    more = {
        "name": np.array("BTC"),
        "grid": np.ones((4, 4)),
        "other": np.arange(77),
        "phase": np.ones(3, dtype=complex),
        "objects": np.array([object()] * 3),
        "columns": np.asfortranarray(np.ones((3, 2))),
    }
    assert read(npz(**more, **ticks())) == read(npz(**ticks()))


@pytest.mark.parametrize(
    "kind",
    [
        pa.string(),
        pa.large_string(),
        pa.string_view(),
        pa.dictionary(pa.int8(), pa.string()),
        pa.dictionary(pa.int32(), pa.large_string()),
    ],
)
@pytest.mark.parametrize("make", [stream_of, parquet_of])
def test_symbols_of_any_text_type(make, kind):
    if make is parquet_of and kind == pa.dictionary(pa.int8(), pa.string()):
        kind = pa.dictionary(pa.int32(), pa.string())
    plain = pa.array(["A", "Bé", "A"])
    symbol = plain.dictionary_encode().cast(kind) if pa.types.is_dictionary(kind) else plain.cast(kind)
    got = read(make({"qty": np.arange(3.0), "symbol": symbol, "price": np.arange(1.0, 4.0), "ts_s": np.arange(3)}))
    assert got["trade//"]["price"] == doubles(1.0, 2.0, 3.0)
    assert got["trade//"]["symbol"] == np.array([0, 1, 0], dtype=np.int32).tobytes()  # codes, as they come


@pytest.mark.parametrize("encoding", ["PLAIN", "DELTA_BYTE_ARRAY", "DELTA_LENGTH_BYTE_ARRAY"])
def test_texts_in_any_encoding_of_parquet(encoding):
    n = 300
    table = {"ts_s": np.arange(n), "price": np.ones(n), "qty": [str(i / 7) for i in range(n)], "symbol": ["A"] * n}
    coded = {"column_encoding": {"qty": encoding, "symbol": encoding}, "use_dictionary": False}
    assert read(parquet_of(table, **coded, row_group_size=100)) == read(stream_of(table))


@pytest.mark.parametrize(
    ("symbol", "message"),
    [
        (pa.array(["A", None, "B"]), "row 2: column 'symbol': has no value"),
        (pa.array(["A", "x" * 257, "B"]), "row 2: column 'symbol': 'x+' is no symbol: up to 256 characters"),
        (pa.array(["A", "a\x1b[2J", "B"]), r"row 2: column 'symbol': 'a\\x1b\[2J' is no symbol"),
    ],
)
def test_symbols_that_frames_cannot_bear_are_refused(symbol, message):
    refused(stream_of(ticks(symbol=symbol)), message)
    if None not in symbol.to_pylist():
        refused(npz(**ticks(symbol=np.array(symbol.to_pylist()))), message)


NOT_UTF8 = st.binary(min_size=1, max_size=6).filter(lambda raw: b"\0" not in raw and not _is_utf8(raw))


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


@settings(max_examples=40)
@given(bad=st.lists(NOT_UTF8, min_size=1, max_size=3), before=st.integers(0, 3), turn=st.booleans())
def test_symbols_in_bytes_that_are_no_utf8_are_told_with_the_first_such_row(bad, before, turn):
    """Each of them would be U+FFFD, two symbols one; the rows before are given."""
    symbol = np.array(["Ä".encode(), b"B", b"A"][:before] + (bad[::-1] if turn else bad) + [b"C"], dtype="S")
    n = len(symbol)
    columns = {"ts_s": np.arange(n) + 1_600_000_000, "price": np.ones(n), "qty": np.ones(n), "symbol": symbol}
    one = np.rec.fromarrays(list(columns.values()), names=list(columns))
    to = io.BytesIO()
    np.save(to, one)
    for data in (npz(**columns), to.getvalue()):
        words, error = before_error(data)
        assert words == ["Ä", "B", "A"][:before]
        assert f"row {before + 1}: column 'symbol': b" in error
        assert error.endswith("is not UTF-8")


@pytest.mark.parametrize("bad", list(permutations(["\x1b", "x" * 257, ""])))
def test_the_first_row_without_a_symbol_is_told_whatever_comes_after_it(bad):
    symbol = np.array(["C", "B", *bad])
    n = len(symbol)
    words, error = before_error(npz(ts_s=np.arange(n), price=np.ones(n), qty=np.ones(n), symbol=symbol))
    assert words == ["C", "B"]
    assert error.startswith("row 3: column 'symbol': " + (repr(bad[0][:9])[:-1] if bad[0] else "is empty"))


@pytest.mark.parametrize("column", ["price", "side", "ts_s", "id"])
def test_bytes_that_are_no_utf8_in_any_column_are_told(column):
    plain = {"price": b"1", "side": b"buy", "ts_s": b"1600000000", "id": b"7"}[column]
    refused(
        npz(**ticks(**{column: np.array([plain, b"\xff", plain])})), f"row 2: column '{column}': b'.xff' is not UTF-8"
    )


def test_a_symbol_that_is_no_text_is_told_where_the_period_is_looked_for():
    symbol = np.array(["A", "B", "A"])
    symbol.view(np.uint32)[1] = 0x110001  # no character
    prices = dict.fromkeys(("open", "high", "low", "close"), np.ones(3))
    data = npz(open_time=np.arange(3) * 60, **prices, symbol=symbol)
    refused(data, "row 2: column 'symbol': is no text", time_unit="s")


def before_error(data: bytes) -> tuple[list[str], str]:
    """The symbols of the rows that came before an error of bad data, and the error."""
    words: list[str] = []

    def read_all() -> None:
        for item in open_source(descriptor(data), b"", SourceOptions(any_year=True)):
            if isinstance(item, Batch):
                words.extend(item.words("symbol"))

    with pytest.raises(HqError) as caught:
        read_all()
    assert caught.value.code == 65
    return words, str(caught.value)


# -- what is written reads back ----------------------------------------------------------------------------
COLUMNS = [
    ("ts", "i8"),
    ("open_time", "i8"),
    ("f", "f8"),
    ("i", "i4"),
    ("s", "s4"),
    ("c", "i1"),
    ("b", "b1"),
    ("v", "f4x3"),
    ("w", "f8x2"),
    ("x", "i8x2"),
    ("y", "b1x4"),
    ("z", "i1x2"),
    ("u", "i4x2"),
]


@pytest.mark.parametrize("format_", ["npz", "parquet", "arrow"])
@pytest.mark.parametrize("symbol", ["", "BTC/USDT", "..", "a'b\"c\\", "Ä€😀", "x" * 256, "CON", "ts"])
def test_all_types_and_odd_symbols_read_back(format_, symbol):
    extremes = (
        -(2**63) + 1,
        -(2**63),
        math.inf,
        -(2**31),
        2**31 - 1,
        -128,
        1,
        [0.1, math.inf, 1e38],
        [math.pi, -0.0],
        [2**63 - 1, -(2**63)],
        [0, 1, 1, 0],
        [-128, 127],
        [-(2**31), 2**31 - 1],
    )
    schema = Schema("signal", symbol, "4h", COLUMNS)
    stream = frames((schema, [extremes] * 3))
    assert read(exported(stream, format_)) == read(stream)


@pytest.mark.parametrize("format_", ["npz", "parquet", "arrow"])
def test_a_series_without_rows_reads_back(format_):
    import os

    stream = frames((Schema("bar", "X", "1m", COLUMNS), []))
    fd = descriptor(exported(stream, format_))
    items = list(tagged(open_source(fd, b"")))
    os.close(fd)
    assert [(kind, item.key, item.cols) for kind, item in items] == [("schema", "bar/X/1m", tuple(COLUMNS))]


@pytest.mark.parametrize("format_", ["npz", "parquet", "arrow"])
def test_a_panel_is_written_with_its_symbols_and_reads_back(format_):
    schema = Schema("bar", "", "1m", [("ts", "i8"), ("symbol", "s4"), ("close", "f8")])
    names = {"kind": "strings", "of": schema.key, "col": "symbol", "values": ["A", "Bé", "C"]}
    found = read(exported(frames(names, (schema, [(i, i % 3, i / 7) for i in range(9)])), format_))
    assert found == {
        schema.key: {
            "ts": longs(*range(9)),
            "symbol": struct.pack("<9i", *(i % 3 for i in range(9))),
            "close": doubles(*(i / 7 for i in range(9))),
        }
    }
    named = Schema("bar", "X", "1m", [("ts", "i8"), ("symbol", "s4"), ("close", "f8")])
    with pytest.raises(HqError, match="'symbol' would be there twice; choose the columns with columns"):
        exported(frames((named, [(1, 1, 1.5)])), format_)


@pytest.mark.parametrize(
    "extra",
    [
        {},
        {"codes": {"side": {"1": "buy"}}},
        {1: "a"},
        {"x": float("inf")},
        {"x": b"\xff"},
        {"x": [1, 2.5, None, True, "ü"]},
        {"x": 2**63},
        {"deep": {"a": [{"b": 1}]}},
    ],
)
def test_further_keys_of_a_series_read_back(extra):
    back = understood(described(Schema("bar", "X", "1m", [("ts", "i8")], extra)))
    assert back.extra == extra
    assert repr(back.extra) == repr(extra)


def test_hundreds_of_columns_need_few_descriptors(run, tmp_path):
    names = [f"c{i}" for i in range(300)]
    stream = frames(
        (
            Schema("signal", "X", "4h", [("ts", "i8"), *((name, "f8") for name in names)]),
            [(i, *(i + k / 7 for k in range(300))) for i in range(50)],
        )
    )
    (tmp_path / "a.hqf").write_bytes(stream)
    for format_ in ("npz", "parquet", "arrow"):
        got = run(f"ulimit -n 64; hq-export {format_} -o b < a.hqf && hq-diff a.hqf b")
        assert (got.code, got.stderr) == (0, ""), format_


def test_series_of_several_symbols_read_back_in_their_runs():
    rows = [(i, i / 3, 1.0) for i in range(5000)]
    stream = frames(*(trades(rows, symbol=symbol) for symbol in ("B", "A", "Ä")))
    for format_ in ("npz", "parquet", "arrow"):
        assert read(exported(stream, format_)) == read(stream)
