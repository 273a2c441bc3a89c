"""CSV: every value against Python's csv module and float(), any cut of the bytes, real files, and what is refused."""

from __future__ import annotations

import csv
import gzip
import io
import math
import os
import struct
import tempfile
import zipfile
from decimal import Decimal

import pytest
from frames import tagged
from hypothesis import given, settings
from hypothesis import strategies as st

from hq_core.errors import HqError
from hq_core.formats import SourceOptions, open_source
from hq_core.formats.byte_stream import ByteStream
from hq_core.formats.csv_odd import Odd

HEAD = b"id,price,qty,time,is_buyer_maker\n1,2.5,3,1600000000000,true\n"


class Slow(ByteStream):
    """Bytes handed out in given pieces, as a pipe might."""

    def __init__(self, data: bytes, sizes: list[int]) -> None:
        super().__init__(-1, b"")
        self._left, self._sizes, self._turn = data, sizes or [1 << 20], 0

    def _more(self, view) -> int:
        size = self._sizes[self._turn % len(self._sizes)]
        self._turn += 1
        piece = self._left[: min(size, len(view))]
        self._left = self._left[len(piece) :]
        view[: len(piece)] = piece
        return len(piece)


def gather(source) -> tuple[dict[str, dict[str, list]], list[str]]:
    """All rows of a source: series -> column -> values, and the kinds of its items."""
    found: dict[str, dict[str, list]] = {}
    kinds = []
    for kind, item in tagged(source):
        kinds.append(kind)
        if kind == "rows":
            columns = found.setdefault(item.schema.key, {name: [] for name in item.schema.names})
            for name in item.schema.names:
                columns[name] += item.words(name) if name in item.texts else item.view(name).tolist()
    return found, kinds


def read(data: bytes, sizes: list[int] | None = None, **options) -> dict[str, dict[str, list]]:
    from hq_core.formats.csv import CsvSource

    return gather(CsvSource(Slow(data, sizes or []), SourceOptions(**options)))[0]


def read_file(path, **options) -> dict[str, dict[str, list]]:
    fd = os.open(path, os.O_RDONLY)
    try:
        return gather(open_source(fd, b"", SourceOptions(**options)))[0]
    finally:
        os.close(fd)


def read_bytes(data: bytes, **options) -> dict[str, dict[str, list]]:
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.seek(0)
        return gather(open_source(file.fileno(), b"", SourceOptions(**options)))[0]


def same_bits(a: float, b: float) -> bool:
    return struct.pack("<d", a) == struct.pack("<d", b)


# -- numbers -------------------------------------------------------------------------------------------------
digits = st.text("0123456789", min_size=1, max_size=25)
decimals = st.builds(
    lambda sign, whole, point, part, exponent: sign + whole + (("." + part) if point else "") + exponent,
    st.sampled_from(["", "-", "+"]),
    digits,
    st.booleans(),
    digits,
    st.sampled_from(["", "", "e5", "E-12", "e+300"]),
)
numbers = st.one_of(
    decimals.filter(lambda text: math.isfinite(float(text))),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.integers(0, 2**60).map(str),
    st.sampled_from(
        [
            "9007199254740992",
            "9007199254740993",
            "9007199254740991.5",
            "0.1",
            "-0",
            "-0.0",
            "00.100",
            ".5",
            "5.",
            "0.000000000000000001",
            "1e22",
            "1e23",
            "2.2250738585072011e-308",
            "5e-324",
            "1.7976931348623157e308",
            "123456789012345678",
            "1234567890.12345678",
            "8.5899345920000001e9",
        ]
    ),
)


@settings(max_examples=200)
@given(st.lists(st.tuples(numbers, numbers), min_size=1, max_size=40), st.lists(st.integers(1, 90), max_size=5))
def test_numbers_are_those_of_float(rows, sizes):
    lines = [f"{1600000000000 + i},{a},{b}" for i, (a, b) in enumerate(rows)]
    data = ("transact_time,price,qty\n" + "\n".join(lines) + "\n").encode()
    got = read(data, sizes, invalid="keep")["trade//"]
    for i, (a, b) in enumerate(rows):
        assert same_bits(got["price"][i], float(a)), a
        assert same_bits(got["qty"][i], float(b)), b


@settings(max_examples=100)
@given(
    st.lists(st.integers(1, 400), min_size=1, max_size=30),
    st.sampled_from(["\n", "\r\n", "\n\n"]),
    st.booleans(),
    st.sampled_from([",", ";", "\t", "|"]),
    st.booleans(),
    st.booleans(),
)
def test_any_cut_gives_the_same_rows(sizes, ending, quotes, delimiter, last_newline, bom):
    rows = [
        [
            str(10 + i),
            f"{100 + i / 7:.{i % 5}f}",
            f"{i}.5",
            str(7 * i),
            str(7 * i + i % 3),
            str(1_600_000_000_000 + 9 * i),
            ["true", "False", "TRUE"][i % 3],
        ]
        for i in range(60)
    ]
    head = ["agg_trade_id", "price", "quantity", "first_trade_id", "last_trade_id", "transact_time", "is_buyer_maker"]
    write = (lambda t: f'"{t}"') if quotes else str
    text = ending.join(delimiter.join(map(write, row)) for row in [head, *rows]) + (ending if last_newline else "")
    data = (b"\xef\xbb\xbf" if bom else b"") + text.encode()
    got = read(data, sizes)["trade//"]
    assert got["ts"] == [int(row[5]) * 10**6 for row in rows]
    assert got["price"] == [float(row[1]) for row in rows]
    assert got["qty"] == [float(row[2]) for row in rows]
    assert got["side"] == [-1 if row[6].lower() == "true" else 1 for row in rows]
    assert got["id"] == [int(row[0]) for row in rows]
    assert got["trades"] == [int(row[4]) - int(row[3]) + 1 for row in rows]


def test_a_block_holds_no_more_rows_than_it_has_room():
    lines = "".join(f"{1600000000000 + i},1,{i}\n" for i in range(20_000))
    got = read(b"transact_time,price,qty\n" + lines.encode())["trade//"]
    assert got["qty"] == [float(i) for i in range(20_000)]


def test_thousands_of_columns():
    names, values = [f"f{i}" for i in range(4000)], [repr(i / 7) for i in range(4000)]
    data = "\n".join(
        [
            ",".join(["open_time", "close", *names]),
            *(",".join([str(1600000000000 + 60000 * i), "1", *values]) for i in range(6)),
        ]
    )
    got = read(data.encode())["bar//1m"]
    assert [got[name] for name in names] == [[float(value)] * 6 for value in values]


@settings(max_examples=300)
@given(
    st.lists(
        st.sampled_from(
            [
                "1600000000000",
                "1,",
                ",",
                "2.5",
                "true",
                '"',
                "\n",
                "\r\n",
                "\r",
                "-",
                ".",
                "e5",
                " ",
                "x",
                "\t",
                "\0",
                ";",
                "9" * 20,
            ]
        ),
        max_size=60,
    ),
    st.lists(st.integers(1, 30), max_size=3),
)
def test_any_text_gives_rows_or_one_error(pieces, sizes):
    def outcome(cut):
        try:
            return read(HEAD + "".join(pieces).encode(), cut)
        except HqError as error:
            return str(error)

    assert outcome(sizes) == outcome([])


def test_numbers_left_to_float_may_be_many():
    hard = [repr(math.sqrt(i + 2)) for i in range(10_000)]
    data = "transact_time,price,qty\n" + "".join(f"{1600000000000 + i},{x},{x}\n" for i, x in enumerate(hard))
    got = read(data.encode())["trade//"]
    assert [repr(x) for x in got["price"]] == hard == [repr(x) for x in got["qty"]]


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_empty_fields_are_read_by_the_kernel(ending, monkeypatch):
    left = []
    was = Odd.numbers
    monkeypatch.setattr(Odd, "numbers", lambda self, n, text: left.append(n // 3) or was(self, n, text))
    bars = ["ts;open_time;close;volume;rsi;ema"]
    bars += [
        f"2026-02-01T00:0{i + 1}:00Z;2026-02-01T00:0{i}:00Z;1,5;2;{rsi};{ema}"
        for i, (rsi, ema) in enumerate([("1,25", "2"), ("", ""), ("55,5", ""), ("", "-0"), ('""', "3"), ("-", "5")])
    ]
    got = read(ending.join(bars).encode(), decimal=",")["bar//1m"]
    nan = math.nan
    for name, want in (("rsi", [1.25, nan, 55.5, nan, nan, nan]), ("ema", [2.0, nan, nan, -0.0, 3.0, 5.0])):
        assert all(math.isnan(x) if math.isnan(y) else same_bits(x, y) for x, y in zip(got[name], want, strict=True))
    assert sum(left) == 2  # the one in quotes, and the one that is no number
    with pytest.raises(HqError, match=r"row 2 .*column 'price': ''"):
        read(HEAD + b"2,,3,1600000000000,true\n")


# -- files of the exchange ---------------------------------------------------------------------------------------
FILES = [
    ("trades", "btcusdt_usdm_trades_20240808.csv.gz"),
    ("trades", "xrpeth_spot_aggtrades_20191011_20191013.csv.gz"),
    *(
        ("klines", name)
        for name in (
            "btcusdt_spot_15m.csv",
            "btcusdt_spot_1d.csv",
            "btcusdt_spot_1h.csv",
            "btcusdt_spot_1m.csv",
            "btcusdt_spot_4h.csv",
            "btcusdt_spot_5m.csv",
            "btcusdt_usdm_1m_20240808_2354_official.csv",
            "linkusdt_um_1d_202602.csv",
            "linkusdt_um_1h_202602.csv",
            "linkusdt_um_1m_202602.csv.gz",
            "linkusdt_um_4h_202602.csv",
            "xrpeth_spot_1m_freqtrade_from_trades.csv.gz",
            "xrpeth_spot_5m_freqtrade_from_trades.csv.gz",
        )
    ),
]
PERIODS = {"1m": 60, "5m": 300, "15m": 900, "1h": 3600, "4h": 14400, "1d": 86400}
NAMES = {
    "qty": ("quantity", "qty"),
    "buy_volume": ("taker_buy_volume",),
    "trades": ("count",),
    "buy_quote_volume": ("taker_buy_quote_volume",),
    "id": ("agg_trade_id", "id"),
}


def with_csv_module(path) -> list[dict[str, str]]:
    raw = path.read_bytes()
    return list(csv.DictReader(io.StringIO((gzip.decompress(raw) if path.suffix == ".gz" else raw).decode())))


@pytest.mark.parametrize(("folder", "name"), FILES)
def test_real_files_need_no_option(shared, folder, name):
    path = shared / "data" / folder / name
    rows = with_csv_module(path)
    ((key, got),) = read_file(path).items()
    for column, values in got.items():
        if column in ("ts", "open_time", "side") or (column == "trades" and folder == "trades"):
            continue
        theirs = next(n for n in (column, *NAMES.get(column, ())) if n in rows[0])
        assert values == [float(row[theirs]) for row in rows], column
    if folder == "klines":
        period = next(p for p in PERIODS if f"_{p}" in name)
        assert key == f"bar//{period}"
        assert got["open_time"] == [int(row["open_time"]) * 10**6 for row in rows]
        assert got["ts"] == [t + PERIODS[period] * 10**9 for t in got["open_time"]]
        if "close_time" in rows[0]:
            assert got["ts"] == [(int(row["close_time"]) + 1) * 10**6 for row in rows]
    else:
        assert got["ts"] == [int(row.get("time") or row["transact_time"]) * 10**6 for row in rows]
        assert got["side"] == [-1 if row["is_buyer_maker"].lower() == "true" else 1 for row in rows]
        if "first_trade_id" in rows[0]:
            assert got["trades"] == [int(row["last_trade_id"]) - int(row["first_trade_id"]) + 1 for row in rows]


@pytest.mark.parametrize(("folder", "name"), [FILES[0], FILES[1], FILES[8]])
def test_real_files_without_their_header_read_the_same(shared, folder, name):
    path = shared / "data" / folder / name
    raw = path.read_bytes()
    text = gzip.decompress(raw) if path.suffix == ".gz" else raw
    rows = [line.split(b",") for line in text.splitlines()]
    if rows[0][0] == b"id":  # the capture has two columns of its own at the end
        text = b"".join(b",".join(row[:5]) + b"\n" for row in rows)
    assert read_bytes(text.split(b"\n", 1)[1]) == read_file(path)


def test_microseconds_are_told_by_their_digits():
    first = b"1735689600000000,1,2,0.5,1.5,10,1735689659999999,15,3,4,6,0\n"
    second = b"1735689660000000,1,2,1,1,9,1735689719999999,9,1,1,1,0\n"
    got = read_bytes(first + second)["bar//1m"]
    assert got["open_time"] == [1735689600 * 10**9, 1735689660 * 10**9]
    assert got["ts"] == [1735689660 * 10**9, 1735689720 * 10**9]


def test_a_symbol_column_makes_a_panel(shared):
    path = shared / "data/panel/binance_um_1d_64sym.csv.gz"
    rows = with_csv_module(path)
    got = read_file(path)
    assert list(got) == ["bar//1d"]
    columns = got["bar//1d"]
    assert columns["symbol"] == [row["symbol"] for row in rows]
    assert columns["close"] == [float(row["close"]) for row in rows]
    assert columns["ts"] == [(int(row["close_time"]) + 1) * 10**6 for row in rows]
    assert columns["trades"] == [int(row["trades"]) for row in rows]


# -- packed ----------------------------------------------------------------------------------------------------
PLAIN = b"id,price,qty,time,is_buyer_maker\n" + b"".join(
    b"%d,%d.5,2,%d,true\n" % (i, i, 1600000000000 + i) for i in range(9000)
)


def zipped(*texts: bytes, method: int = zipfile.ZIP_DEFLATED, seek: bool = True) -> bytes:
    class NoSeek(io.RawIOBase):
        def __init__(self) -> None:
            self.data = b""

        def writable(self) -> bool:
            return True

        def write(self, data) -> int:
            self.data += bytes(data)
            return len(data)

    to = io.BytesIO() if seek else NoSeek()
    with zipfile.ZipFile(to, "w", method) as archive:
        archive.writestr("folder/", b"")
        for i, text in enumerate(texts):
            archive.writestr(f"folder/{i}.csv", text)
    return to.getvalue() if seek else to.data


@pytest.mark.parametrize(
    "packed",
    [
        gzip.compress(PLAIN),
        gzip.compress(PLAIN[:5000]) + gzip.compress(PLAIN[5000:]) + b"\0" * 512,
        zipped(PLAIN),
        zipped(PLAIN, method=zipfile.ZIP_STORED),
        zipped(PLAIN, seek=False),
        gzip.compress(zipped(PLAIN)),
    ],
    ids=["gzip", "members", "zip", "stored", "streamed", "both"],
)
def test_packed_input_reads_the_same(packed):
    assert read_bytes(packed) == read_bytes(PLAIN)


def test_files_of_one_zip_follow_each_other():
    head, rest = PLAIN.split(b"\n", 1)
    lines = rest.splitlines(keepends=True)
    first, second = head + b"\n" + b"".join(lines[:50]), head + b"\n" + b"".join(lines[50:])
    assert read_bytes(zipped(first.rstrip(b"\n"), second)) == read_bytes(PLAIN)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (gzip.compress(PLAIN)[:9000], "gzip data stops in the middle"),
        (zipped(PLAIN)[:9000], "zip data stops in the middle"),
        (gzip.compress(PLAIN) + b"more", "after the end of the gzip data come other bytes"),
        (zipped(PLAIN, seek=False).replace(b"PK\x01\x02", b"PK\x09\x09"), "no file header where one must be"),
    ],
    ids=["gzip", "zip", "tail", "directory"],
)
def test_damaged_packing_is_noticed(data, message):
    with pytest.raises(HqError, match=message) as caught:
        read_bytes(data)
    assert caught.value.code == 65


# -- times ------------------------------------------------------------------------------------------------------
def rows_by_python(monkeypatch) -> list[int]:
    """Which rows the kernel leaves to Python from here on."""
    found: list[int] = []
    row = Odd.row
    monkeypatch.setattr(Odd, "row", lambda self, texts, k: (found.append(k), row(self, texts, k))[1])
    return found


def test_times_and_ids_of_19_digits_are_read_by_the_kernel(monkeypatch):
    first, last = 1_767_225_600_000_000_000, 2**63 - 1
    rows = [(last - 400 + i, first + i) for i in range(1, 400)]
    data = b"id,price,qty,time\n" + b"".join(b"%d,1.5,2,%d\n" % row for row in rows)
    left = rows_by_python(monkeypatch)
    [columns] = read(data, time_unit="ns").values()
    assert list(zip(columns["id"], columns["ts"])) == rows
    assert not left


@pytest.mark.parametrize("begin", ["922337203685477580", "184467440737095516", "99999999999999999", "", "0", "1"])
@pytest.mark.parametrize("sign", ["", "-"])
def test_whole_numbers_at_the_end_of_their_type_are_exact_or_refused(sign, begin):
    for text in (f"{sign}{begin}{end}" for end in (*range(10), *range(10, 30))):
        value = int(text)
        data = HEAD + f"{text},2.5,3,1600000000001,true\n".encode()
        if -(2**63) <= value < 2**63:
            [columns] = read(data).values()
            assert columns["id"] == [1, value]
        else:
            with pytest.raises(HqError, match="does not fit 64 bits"):
                read(data)


def test_iso_times_with_and_without_a_zone():
    texts = ("2026-02-01T00:00:00Z", "2026-02-01T01:00:00.25+01:00", "2026-02-01 00:00:01Z", "2026-02-01T00:00:02+0000")
    data = ("ts,price,qty\n" + "".join(f"{text},1,2\n" for text in texts)).encode()
    base = 1769904000 * 10**9
    assert read(data)["trade//"]["ts"] == [base, base + 250_000_000, base + 10**9, base + 2 * 10**9]
    naive = b"date,price,qty\n2026-02-01 00:00:00,1,2\n2026-07-01,1,2\n"
    got = read(naive, tz="America/New_York")["trade//"]["ts"]
    assert got == [base + 5 * 3600 * 10**9, (1782864000 + 4 * 3600) * 10**9]


def test_the_hour_that_a_clock_shows_twice():
    lines = [f"2024-11-03 {h:02d}:{m:02d}:00" for h, m in ((0, 30), (1, 0), (1, 30), (1, 0), (1, 30), (2, 0))]
    data = "date,open,close\n" + "".join(f"{line},1,1\n" for line in lines)
    got = read(data.encode(), tz="America/New_York", stamp="open", period="30m")["bar//30m"]
    assert [b - a for a, b in zip(got["open_time"], got["open_time"][1:])] == [1800 * 10**9] * 5


def test_days_of_a_zone_keep_their_midnights():
    data = b"date,open,close\n2024-03-09,1,1\n2024-03-10,1,1\n2024-03-11,1,1\n"
    got = read(data, tz="America/New_York", stamp="open")["bar//1d"]
    assert [(b - a) // (3600 * 10**9) for a, b in zip(got["open_time"], got["ts"])] == [24, 23, 24]
    closes = read(data, tz="America/New_York", stamp="close")["bar//1d"]
    assert [(b - a) // (3600 * 10**9) for a, b in zip(closes["open_time"], closes["ts"])] == [24, 24, 23]
    assert closes["ts"] == got["open_time"]


def test_units_and_stamps_that_are_given():
    data = b"ts,close\n1600000000,1\n1600003600,2\n"
    got = read(data, time_unit="s", stamp="close")["bar//1h"]
    assert got["ts"] == [1600000000 * 10**9, 1600003600 * 10**9]
    assert got["open_time"] == [t - 3600 * 10**9 for t in got["ts"]]
    parts = read(b"ts,price,qty\n1600000000.123456789,1,1\n", time_unit="s")["trade//"]
    assert parts["ts"] == [int(Decimal("1600000000.123456789") * 10**9)]
    named = read(b"ts_us,price,qty\n1600000000123456,1,1\n")["trade//"]
    assert named["ts"] == [1600000000123456 * 1000]


def test_columns_that_are_named_and_decimal_commas():
    data = b"Zeit;Letzter;Menge;Richtung\n2026-02-01T00:00:00Z;1,5;2;sell\n2026-02-01T00:00:01Z;1,25;3;BUY\n"
    got = read(data, columns={"ts": "Zeit", "price": "Letzter", "qty": "3", "side": "Richtung"}, decimal=",")["trade//"]
    assert got["price"] == [1.5, 1.25]
    assert got["side"] == [-1, 1]


def test_further_numeric_columns_of_bars_come_along():
    first = b"2026-02-01T00:01:00Z,2026-02-01T00:00:00Z,1,,x\n"
    second = b"2026-02-01T00:02:00Z,2026-02-01T00:01:00Z,2,55.5,y\n"
    got = read(b"ts,open_time,close,rsi_14,note\n" + first + second)["bar//1m"]
    assert list(got) == ["ts", "open_time", "close", "rsi_14"]
    assert math.isnan(got["rsi_14"][0])
    assert got["rsi_14"][1] == 55.5


# -- what is refused ----------------------------------------------------------------------------------------------
KLINE = b"open_time,open,high,low,close,volume,close_time\n1600000020000,1,1,1,1,1,1600000079999\n"


@pytest.mark.parametrize(
    ("data", "options", "message"),
    [
        (HEAD + b"2,6a.5,3,1600000000000,true\n", {}, r"row 2 \(byte 62\): column 'price': '6a.5' is not a number"),
        (HEAD + b"2,,3,1600000000000,true\n", {}, "row 2 .* column 'price': '' is not a number"),
        (HEAD + b"2,1,3,1600000000000,maybe\n", {}, "row 2 .* column 'is_buyer_maker': 'maybe' is not true or false"),
        (HEAD + b"2,1,3,1600000000000\n", {}, "row 2 .* has 4 fields, 5 wanted"),
        (HEAD + b"2,1,3,1600000000000,true,1\n", {}, "row 2 .* has 6 fields, 5 wanted"),
        (HEAD + b"2,1,3,1600000000000000,true\n", {}, "has 16 digits, the first row had 13: is it another unit"),
        (HEAD + b'2,1,\r"3",1600000000000,true\n', {}, "row 2 .*: the line cannot be split: new-line character"),
        (HEAD + b"2,1,3,1600000000000,\xfftrue\n", {}, "row 2 .*: byte 21 of the line is not UTF-8"),
        (HEAD + b"2.5,1,3,1600000000000,true\n", {}, "column 'id': '2.5' is not a whole number"),
        (HEAD + b"2,1_0,3,1600000000000,true\n", {}, "'1_0' is not a number"),
        (HEAD + b"2,inf,3,1600000000000,true\n", {}, "'inf' is not a number"),
        (b"ts,price,qty\n1769603613707,1,1\n", {}, "1769603613707: seconds, ms, us or ns. pass time_unit to read"),
        (b"date,close\n2026-02-01,1\n", {}, "which zone. pass tz .* to read; .* its close. pass stamp to read"),
        (b"ts,close\n1600000000,1\n1600000060,1\n", {"time_unit": "s"}, "open or its close. pass stamp to read"),
        (b"open_time,close\n1600000000000,1\n", {}, "one row alone does not tell its period: pass period to read"),
        (
            b"open_time,close\n1600000000000,1\n1600000120000,1\n1600000180000,1\n",
            {},
            "60 s after the one before it.*2m apart: pass period to read",
        ),
        (KLINE + b"1600000080000,1,1,1,1,1,1600003679999\n", {}, "row 2 .* lasts 3600 s, the period is 1m"),
        (b"ts,price,qty\n2026-02-30T00:00:00Z,1,1\n", {}, "'2026-02-30T00:00:00Z' is not a time"),
        (
            b"ts,price,qty\n2026-02-01T00:00:00Z,1,1\n2026-02-01T00:00:00,1,1\n",
            {},
            "has no zone, the first row had one",
        ),
        (
            b"date,price,qty\n2024-03-10 02:30:00,1,1\n",
            {"tz": "America/New_York"},
            "2024-03-10 02:30:00 does not exist",
        ),
        (b"date,price,qty\n2024-03-10,1,1\n", {"tz": "Mars/Olympus"}, "zone 'Mars/Olympus' is not known"),
        (b"1,2,3\n4,5,6\n", {}, "3 columns without a header.*pass columns ts=1,price=2,… to read"),
        (b"foo,bar\n1,2\n", {}, "neither bars .close. nor trades"),
        (b"hello world\n", {}, "not a format that hq reads"),
        (
            b"ts,price,qty\n2026-02-01T00:00:00Z,1,1\n",
            {"columns": {"price": "prise"}},
            "column 'prise' is missing; .*did you mean price",
        ),
        (b"symbol,ts,price,qty\nA,2026-02-01T00:00:00Z,1,1\n", {"symbol": "B"}, "the input says its symbols itself"),
        (
            b"open_time,close\n1600000000000,1\n",
            {"stamp": "close"},
            "column 'open_time' says that it is the bar's open",
        ),
        (b"x" * 1_200_000 + b"\n", {}, "more than 524288 bytes"),
    ],
)
def test_what_is_refused(data, options, message):
    with pytest.raises(HqError, match=message) as caught:
        read_bytes(data, **options)
    assert caught.value.code in (65, 2, 78)
    assert "\n" not in str(caught.value)


def test_what_was_good_before_an_error_is_handed_out():
    from hq_core.formats.csv import CsvSource

    source = CsvSource(Slow(PLAIN + b"1,oops,1,1600000000000,true\n", [10_000]))
    counts = []

    def count() -> None:
        for kind, item in tagged(source):
            if kind == "rows":
                counts.append(item.n)

    with pytest.raises(HqError, match="row 9001"):
        count()
    assert sum(counts) == 9000
    assert source.position == len(PLAIN)


def test_no_byte_at_all_is_no_input():
    with pytest.raises(HqError, match="not a single byte came") as caught:
        read_bytes(b"")
    assert caught.value.code == 66


def test_bytes_of_no_format_are_named():
    with pytest.raises(HqError, match="first bytes are 7f 45 4c 46") as caught:
        read_bytes(b"\x7fELF\x02\x01\x01" + bytes(100))
    assert caught.value.code == 65


# -- going on in the middle ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "data",
    [
        PLAIN,
        b"open_time,close\n" + b"".join(b"%d,%d\n" % (1600000000000 + 60000 * i, i + 1) for i in range(500)),
        b"symbol,ts,price,qty\n"
        + b"".join(b"S%d,2026-02-01T00:00:%02dZ,1,%d\n" % (i % 3, i % 60, i) for i in range(300)),
    ],
    ids=["trades", "bars", "symbols"],
)
@pytest.mark.parametrize("after", [0, 1, 3, 7])
def test_a_saved_source_goes_on_at_its_position(data, after):
    from hq_core.formats.csv import CsvSource

    whole = gather(CsvSource(Slow(data, [997])))[0]
    source = CsvSource(Slow(data, [997]))
    found: dict[str, dict[str, list]] = {}
    idles = 0
    for kind, item in tagged(source):
        if kind == "rows":
            columns = found.setdefault(item.schema.key, {name: [] for name in item.schema.names})
            for name in item.schema.names:
                columns[name] += item.words(name) if name in item.texts else item.view(name).tolist()
        idles += kind == "idle"
        if idles > after:
            break
    second = CsvSource(Slow(data[source.position :], [313]))
    list(second.load(source.save()))
    for key, columns in gather(second)[0].items():
        mine = found.setdefault(key, {name: [] for name in columns})
        for name, values in columns.items():
            mine[name] += values
    assert found == whole


def test_the_whole_file_again_after_a_state_in_its_middle_is_refused():
    from hq_core.formats.csv import CsvSource

    data = HEAD + b"2,2.5,3,1600000001000,true\n"
    source = CsvSource(Slow(data, [len(HEAD)]))
    for kind, _ in tagged(source):
        if kind == "idle" and source.position:
            break
    again = CsvSource(Slow(data, [997]))
    list(again.load(source.save()))
    with pytest.raises(HqError, match="the header again, where the state was left in the middle"):
        gather(again)


def test_a_warm_run_imports_no_compiler_and_no_numpy(run, tmp_path):
    (tmp_path / "t.csv").write_bytes(PLAIN)
    first = run("hq-import < t.csv > first.hqf")
    assert first.code == 0
    again = run("python -X importtime -m hq_cli.import_ < t.csv 2> log | cmp - first.hqf; cat log")
    modules = {line.rpartition("|")[2].strip() for line in again.text.splitlines()}
    assert "hq_core.formats.csv" in modules
    assert not modules & {"numba", "numpy", "pyarrow", "llvmlite", "csv", "decimal", "zoneinfo", "dataclasses"}


def test_a_first_id_that_says_none_is_an_id():
    rows = b"%s,2.5,3,1600000000000,true\n7,2.5,3,1600000000001,true\n"
    assert read(HEAD.split(b"\n")[0] + b"\n" + rows % b"-1")["trade//"]["id"] == [-1, 7]
    assert "id" not in read(HEAD.split(b"\n")[0] + b"\n" + rows % b"a-1")["trade//"]
