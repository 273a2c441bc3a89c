"""Every format read back as it was written, bit for bit; JSON as exchanges send it; what is refused."""

from __future__ import annotations

import io
import json
import math
import os
import struct

import numpy as np
import pyarrow as pa
import pytest
from frames import bars, frames, tagged, trades
from hypothesis import given, settings
from hypothesis import strategies as st
from inputs import descriptor, exported
from pyarrow import parquet
from test_csv import Slow

from hq_core.batch import Schema
from hq_core.errors import HqError
from hq_core.formats import SourceOptions, open_source
from hq_core.kinds import BAR, TRADE

TEXT = ("csv", "tsv", "jsonl", "json")
BINARY = ("npz", "parquet", "arrow")
MINUTE = 60 * 10**9


def gather(source) -> dict[str, dict[str, bytes]]:
    """All rows of a source as raw bytes: series -> column -> bytes."""
    found: dict[str, dict[str, bytes]] = {}
    for kind, item in tagged(source):
        if kind == "rows":
            columns = found.setdefault(item.schema.key, dict.fromkeys(item.schema.names, b""))
            for name in item.schema.names:
                columns[name] += item.view(name).tobytes()
    return found


def read(data: bytes, **options) -> dict[str, dict[str, bytes]]:
    """What is read, of any year."""
    fd = descriptor(data)
    try:
        return gather(open_source(fd, b"", SourceOptions(**{"any_year": True, **options})))
    finally:
        os.close(fd)


def doubles(*values: float) -> bytes:
    return struct.pack(f"<{len(values)}d", *values)


def longs(*values: int) -> bytes:
    return struct.pack(f"<{len(values)}q", *values)


ALL = " ".join(BAR.names)
price = st.floats(allow_nan=False, allow_infinity=False, width=64)
absent = st.one_of(price, st.just(math.nan))


@st.composite
def bar_rows(draw):
    n = draw(st.integers(2, 20))
    start = draw(st.integers(-(10**9), 4 * 10**9)) * MINUTE // 60
    rows = []
    for i in range(n):
        values = [draw(absent) for _ in range(9)]
        count = draw(st.integers(0, 10**15))
        at = start + i * MINUTE
        rows.append(
            (
                at + MINUTE,
                at,
                *values[:4],
                values[4],
                values[5],
                count,
                *values[6:9],
                *values[:2],
                draw(st.integers(0, 1)),
            )
        )
    return rows


@pytest.mark.parametrize("format_", TEXT + BINARY)
@settings(max_examples=15)
@given(rows=bar_rows(), symbol=st.sampled_from(["BTCUSDT", 'A,"b', "Ä1"]))
def test_bars_come_back_as_they_were(format_, rows, symbol):
    stream = frames(bars(rows, columns=ALL, symbol=symbol, period="1m"))
    assert read(exported(stream, format_), invalid="keep") == read(stream)


@pytest.mark.parametrize("format_", TEXT + BINARY)
@settings(max_examples=15)
@given(
    rows=st.lists(
        st.tuples(
            st.integers(-(10**18), 4 * 10**18),
            price,
            price,
            st.integers(-1, 1),
            st.integers(0, 2**62),
            st.integers(0, 2**31 - 1),
        ),
        min_size=1,
        max_size=20,
    )
)
def test_trades_come_back_as_they_were(format_, rows):
    rows = sorted({row[4]: row for row in rows}.values(), key=lambda row: (row[0], row[4]))
    stream = frames(trades(rows, columns=" ".join(TRADE.names)))
    assert read(exported(stream, format_), invalid="keep") == read(stream)


@pytest.mark.parametrize("format_", TEXT + BINARY)
def test_several_symbols_and_further_columns_come_back(format_):
    def rows(k):
        return [
            (10**18 + (i + 1) * MINUTE, 10**18 + i * MINUTE, 1.5 * i + k, math.nan if i < 3 else i / 7)
            for i in range(9000)
        ]

    more = (("rsi_14", "f8"),)
    stream = frames(*(bars(rows(k), "ts open_time close", symbol=f"S{k}", period="1m", more=more) for k in range(3)))
    back = read(exported(stream, format_), invalid="keep")
    assert back == read(stream)
    assert len(back) == 3


@pytest.mark.parametrize("format_", BINARY)
def test_files_of_columns_keep_any_kind_and_type(format_):
    cols = [("ts", "i8"), ("code", "i4"), ("flag", "b1"), ("sign", "i1"), ("shape", "f4x3")]
    schema = Schema("signal", "X", "4h", cols)
    rows = [(i * 10**9, i, i % 2, -i, [i, 0.5, -1.0]) for i in range(20)]
    stream = frames((schema, rows))
    assert read(exported(stream, format_), invalid="keep") == read(stream)


@pytest.mark.parametrize("format_", BINARY)
def test_foreign_files_are_read_by_their_column_names(format_):
    n = 20_000
    time = 1_600_000_000_000 + 60_000 * np.arange(n)
    columns = {
        "open_time": time,
        "Open": np.arange(n) + 0.5,
        "Close": np.arange(n) / 3,
        "Volume": np.arange(n, dtype="<i4"),
    }
    to = io.BytesIO()
    if format_ == "npz":
        np.savez_compressed(to, **columns)
    elif format_ == "parquet":
        parquet.write_table(pa.table(columns), to)
    else:
        with pa.ipc.new_stream(to, pa.table(columns).schema) as writer:
            writer.write_table(pa.table(columns), max_chunksize=7777)
    ((key, got),) = read(to.getvalue(), invalid="keep").items()
    assert key == "bar//1m"
    assert got["open_time"] == (time * 10**6).astype("<i8").tobytes()
    assert got["ts"] == (time * 10**6 + MINUTE).astype("<i8").tobytes()
    assert got["close"] == (np.arange(n) / 3).tobytes()
    assert got["volume"] == np.arange(n).astype("<f8").tobytes()


def test_a_structured_array_is_read():
    made = np.array(
        [(1600000000000000, 1.5, 2.0, True), (1600000000000001, 1.25, 3.0, False)],
        dtype=[("time", "<i8"), ("price", "<f8"), ("qty", "<f8"), ("is_buyer_maker", "?")],
    )
    to = io.BytesIO()
    np.save(to, made)
    got = read(to.getvalue())["trade//"]
    assert got["ts"] == longs(1600000000000000000, 1600000000000001000)
    assert got["price"] == doubles(1.5, 1.25)
    assert got["side"] == b"\xff\x01"


def test_timestamps_with_and_without_a_zone():
    times = pa.array([1_600_000_000_000_000, 1_600_000_060_000_000], pa.int64())
    for zone in ("UTC", "Asia/Tokyo", None):
        table = pa.table({"date": times.cast(pa.timestamp("us", tz=zone)), "price": [1.0, 2.0], "qty": [1.0, 2.0]})
        to = io.BytesIO()
        parquet.write_table(table, to)
        if zone is None:
            with pytest.raises(HqError, match="in which zone"):
                read(to.getvalue())
        else:
            assert read(to.getvalue())["trade//"]["ts"] == longs(1_600_000_000 * 10**9, 1_600_000_060 * 10**9)
    assert read(to.getvalue(), tz="UTC")["trade//"]["ts"] == longs(1_600_000_000 * 10**9, 1_600_000_060 * 10**9)


# -- JSON ------------------------------------------------------------------------------------------------------
def test_websocket_messages(shared):
    said = json.loads((shared / "data/api/binance_um_ws_messages.json").read_text())
    lines = [json.dumps({"stream": "x", "data": message}) for message in said.values()]
    fd = descriptor("\n".join(lines).encode())
    items = list(tagged(open_source(fd, b"")))
    os.close(fd)
    ends = [item for kind, item in items if kind == "end"]
    assert ends == [
        {
            "kind": "end",
            "dropped": {
                "bookTicker message": 1,
                "depthUpdate message": 1,
                "forceOrder message": 1,
                "markPriceUpdate message": 1,
                "24hrTicker message": 1,
            },
        }
    ]
    got = read("\n".join(lines).encode())
    assert got["trade/BTCUSDT/"]["ts"] == longs(123456785 * 10**6) * 2
    assert got["trade/BTCUSDT/"]["side"] == b"\xff\xff"
    assert got["trade/BTCUSDT/"]["trades"] == struct.pack("<i", 6)  # ids 100 to 105; @trade has no count
    bar = got["bar/BTCUSDT/1m"]
    assert bar["ts"] == longs(1638747720 * 10**9) * 2
    assert bar["complete"] == b"\x01\x00"
    assert bar["low"] == doubles(0.001, 0.0015)
    assert bar["buy_volume"] == doubles(500.0, 500.0)


def test_rest_klines_are_rows_of_arrays():
    kline = [
        1499040000000,
        "0.01634790",
        "0.8",
        "0.01575800",
        "0.01577100",
        "148976.11427815",
        1499644799999,
        "2434.19055334",
        308,
        "1756.87402397",
        "28.46694368",
        "17928899.62484339",
    ]
    later = [1499644800000, *kline[1:6], 1500249599999, *kline[7:]]
    both = [kline, later]
    for text in (json.dumps(both), json.dumps(both, indent=2), f"{json.dumps(kline)}\n{json.dumps(later)}\n"):
        ((key, got),) = read(text.encode()).items()
        assert key == "bar//1w"
        assert got["open_time"] == longs(1499040000000 * 10**6, 1499644800000 * 10**6)
        assert got["ts"] == longs(1499644800000 * 10**6, 1500249600000 * 10**6)
        assert got["volume"] == doubles(148976.11427815, 148976.11427815)
        assert got["trades"] == longs(308, 308)


@settings(max_examples=50)
@given(st.lists(st.integers(1, 50), min_size=1, max_size=6), st.sampled_from(["array", "lines", "pretty"]))
def test_json_in_any_cut(sizes, form):
    from hq_core.formats.jsonl import JsonSource

    note = 'br"ace } ] \\'
    objects = [
        {"ts": f"2026-02-01T00:00:{i:02d}Z", "note": note, "price": (i + 1) / 7, "qty": str(i)} for i in range(40)
    ]
    text = json.dumps(objects, indent=1 if form == "pretty" else None)
    if form == "lines":
        text = "\n".join(map(json.dumps, objects))
    got = gather(JsonSource(Slow(text.encode(), sizes)))
    assert got["trade//"]["price"] == doubles(*((i + 1) / 7 for i in range(40)))
    assert got["trade//"]["qty"] == doubles(*(float(i) for i in range(40)))


def test_a_saved_json_source_goes_on_at_its_position():
    from hq_core.formats.jsonl import JsonSource

    objects = [{"open_time": 1600000000000 + 60000 * i, "symbol": f"S{i % 2}", "close": i + 1} for i in range(300)]
    text = json.dumps(objects).encode()
    whole = gather(JsonSource(Slow(text, [997])))
    source, first, idles = JsonSource(Slow(text, [997])), [], 0
    for kind, item in tagged(source):
        if kind == "rows":
            first.append((item.schema.key, item.view("close").tobytes()))
        idles += kind == "idle"
        if idles == 5:
            break
    second = JsonSource(Slow(text[source.position :], [313]))
    list(second.load(source.save()))
    rest = gather(second)
    for key, columns in whole.items():
        assert b"".join(close for k, close in first if k == key) + rest[key]["close"] == columns["close"]


# -- what is refused ----------------------------------------------------------------------------------------------
def saved(**arrays) -> bytes:
    to = io.BytesIO()
    np.savez(to, **arrays)
    return to.getvalue()


def parquet_of(**columns) -> bytes:
    to = io.BytesIO()
    parquet.write_table(pa.table(columns), to)
    return to.getvalue()


OBJECT = b'{"ts":"2026-02-01T00:00:00Z","price":1,"qty":2}\n'


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (
            OBJECT + b'{"ts":"2026-02-01T00:00:01Z","price":"x","qty":2}',
            r"element 2 \(byte 48\): 'price': 'x' is not a number",
        ),
        (OBJECT + b'{"ts":"2026-02-01T00:00:01Z","price":null,"qty":2}', "'price': '' is not a number"),
        (OBJECT + b'{"ts":"2026-02-01T00:00:01Z","price":1,"qty":', "stops inside the element at byte 48"),
        (
            OBJECT + b'{"ts":"2026-02-01T00:00:01Z","price":1,,"qty":1}',
            r"element 2 \(byte 48\): the JSON cannot be read",
        ),
        (OBJECT + b"17\n", "byte 48 is '1', where a JSON object or array must begin"),
        (b"[" + OBJECT.strip() + b",", "stops inside its array"),
        (b'{"ts":1,"price":1,"qty":2}', "seconds, ms, us or ns"),
        (b'{"open_time":1600000000000,"close":2}', "one row alone does not tell its period"),
        (b"[[1,2,3]]", "an array of 3: objects are read, and candles of 12 or 6"),
        (saved(ts=np.arange(3), price=np.ones(3)), "column 'qty' is missing|neither bars"),
        (saved(time=np.arange(3), price=np.ones(3), qty=np.ones(3)), "holds 0: seconds, ms, us or ns"),
        (saved(ts_s=np.arange(3), price=np.ones(2), qty=np.ones(3)), "differ in length: ts_s 3, price 2, qty 3"),
        (saved(ts=np.array([object()], dtype=object)), "Python objects, which are not read"),
        (saved(ts=np.ones((2, 2, 2))), r"of shape \(2, 2, 2\)"),
        (saved(time=np.arange(3), price=np.ones(3), qty=np.ones(3))[:400], "npz is not whole: it was cut"),
        (parquet_of(ts=[1], price=[1.0], qty=[1.0])[:100], "the Parquet file is not whole: it was cut"),
        (b"PAR1" + bytes(50), "the Parquet file is not whole: it was cut"),
        (b"ARROW1\0\0" + bytes(50), "the Arrow file is not whole: it was cut"),
        (parquet_of(transact_time=[1600000000000], price=[1.0], qty=["x"]), "row 1: column 'qty': 'x' is not a number"),
    ],
)
def test_what_is_refused(data, message):
    with pytest.raises(HqError, match=message) as caught:
        read(data)
    assert caught.value.code == 65
    assert "\n" not in str(caught.value)


def test_packed_frames_are_read():
    import gzip

    stream = frames(trades([(i, 1.0, 2.0) for i in range(5000)]))
    assert read(gzip.compress(stream)) == read(stream)


@settings(max_examples=200)
@given(
    st.booleans(),
    st.lists(
        st.sampled_from(
            [
                '{"ts":"2026-02-01T00:00:00Z","price":1,"qty":2}',
                '{"ts":"2026-02-01T00:00:00Z","price":"x","qty":2}',
                "{",
                "}",
                "[",
                "]",
                ",",
                '"',
                "\\",
                " ",
                "\n",
                "1",
                "null",
                '{"e":"x"}',
                '{"kind":"fill"}',
                "{}",
                "[]",
            ]
        ),
        max_size=20,
    ),
    st.lists(st.integers(1, 40), max_size=3),
)
def test_any_json_gives_rows_or_one_error(array, pieces, sizes):
    from hq_core.formats.jsonl import JsonSource

    def outcome(cut):
        try:
            return gather(JsonSource(Slow(("[" if array else "").encode() + OBJECT + "".join(pieces).encode(), cut)))
        except HqError as error:
            return str(error)

    assert outcome(sizes) == outcome([])
