"""Make tests/vectors: small streams, each with a .json of what a reader must give or refuse.

    python scripts/make_vectors.py            write them
    python scripts/make_vectors.py --check    fail if they are not what this script makes

Bytes are made with struct and msgpack alone, never by hq's own writer, so that both can be held against them.
In a .json: "items" is what the stream says, in order; "series" the rows of each series and set of columns, over all
frames; floats are C99 hex, nan, inf or -inf, i8 are decimal strings, the others numbers; "error" has the byte at which
a reader must stop and a word of why.
"""

from __future__ import annotations

import json
import math
import struct
import sys
from pathlib import Path
from typing import Any

import msgpack

FOLDER = Path(__file__).resolve().parents[1] / "tests" / "vectors"
CODES = {"i8": "q", "f8": "d", "f4": "f", "i4": "i", "s4": "i", "i1": "b", "b1": "b"}
T0 = 1_700_000_100_000_000_000
MINUTE = 60_000_000_000
BAR = [
    ("ts", "i8"),
    ("open_time", "i8"),
    ("open", "f8"),
    ("high", "f8"),
    ("low", "f8"),
    ("close", "f8"),
    ("volume", "f8"),
    ("complete", "b1"),
]
TICK = [("ts", "i8"), ("price", "f8"), ("qty", "f8")]


class Stream:
    """The bytes of a stream and what they say, side by side."""

    def __init__(self, note: str) -> None:
        self.note = note
        self.bytes = b""
        self.items: list[Any] = []
        self.series: list[dict[str, Any]] = []
        self.error: dict[str, Any] | None = None
        self._ids: dict[int, dict[str, Any]] = {}
        self._counts: dict[str, int] = {}

    def head(self, **more: Any) -> Stream:
        self._ids, self._counts = {}, {}
        frame = {"kind": "head", "hq": 1, "made_by": [["by hand", "1", [], {}]], **more}
        return self.raw(msgpack.packb(frame), {"head": frame})

    def schema(
        self, number: int, of: str, symbol: str, period: str, cols: list[tuple[str, str]], **extra: Any
    ) -> Stream:
        key, listed = f"{of}/{symbol}/{period}", [list(col) for col in cols]
        self.raw(
            msgpack.packb(
                {**extra, "kind": "schema", "id": number, "of": of, "symbol": symbol, "period": period, "cols": listed}
            ),
            {"schema": key},
        )
        for known in self.series:
            if (known["key"], known["cols"], known["extra"]) == (key, listed, extra):
                self._ids[number] = known
                return self
        self._ids[number] = {"key": key, "cols": listed, "extra": extra, "columns": {name: [] for name, _ in cols}}
        self.series.append(self._ids[number])
        return self

    def rows(self, number: int, rows: list[tuple[Any, ...]]) -> Stream:
        series = self._ids[number]
        for (name, kind), values in zip(series["cols"], zip(*rows)):
            series["columns"][name] += [told(kind, value) for value in values]
        self._counts[series["key"]] = self._counts.get(series["key"], 0) + len(rows)
        return self.raw(frame(number, series["cols"], rows), {"rows": [series["key"], len(rows)]})

    def mark(self, ts: int) -> Stream:
        return self.raw(msgpack.packb({"kind": "mark", "ts": ts}), {"mark": str(ts)})

    def map(self, said: dict[str, Any]) -> Stream:
        return self.raw(msgpack.packb(said), {"map": said})

    def end(self, **dropped: int) -> Stream:
        said = {"kind": "end", "rows": dict(self._counts), "dropped": dropped}
        return self.raw(msgpack.packb(said), {"end": said})

    def raw(self, data: bytes, item: Any = None) -> Stream:
        self.bytes += data
        if item is not None:
            self.items.append(item)
        return self

    def bad(self, data: bytes, says: str, at: int = 0) -> Stream:
        """These bytes must be refused, `at` bytes after where they begin."""
        self.error = {"byte": len(self.bytes) + at, "says": says}
        return self.raw(data)

    def told(self) -> dict[str, Any]:
        return {"note": self.note, "error": self.error, "items": self.items, "series": self.series}


def told(kind: str, value: Any) -> Any:
    """A value as the .json has it."""
    if kind == "text":
        return value
    item, _, length = kind.partition("x")
    if length:
        return [told(item, one) for one in value]
    if item == "f4":
        value = struct.unpack("<f", struct.pack("<f", value))[0]
    if item in ("f4", "f8"):
        return float(value).hex() if math.isfinite(value) else str(value)
    return str(value) if item == "i8" else value


def columns(cols: list[Any], rows: list[tuple[Any, ...]]) -> bytes:
    blob = b""
    for (_, kind), values in zip(cols, zip(*rows)):
        if kind == "text":
            data = [value.encode() for value in values]
            blob += texts([len(one) for one in data], b"".join(data))
            continue
        item, _, length = kind.partition("x")
        flat = [one for vector in values for one in vector] if length else values
        blob += struct.pack(f"<{len(flat)}{CODES[item]}", *flat)
        blob += bytes(-len(blob) % 8)
    return blob


def texts(lengths: list[int], data: bytes) -> bytes:
    """A column of free text: the lengths, then the bytes."""
    blob = struct.pack(f"<{len(lengths)}I", *lengths)
    blob += bytes(-len(blob) % 8) + data
    return blob + bytes(-len(blob) % 8)


def frame(number: int, cols: list[Any], rows: list[tuple[Any, ...]], **wrong: int) -> bytes:
    """A data frame; `wrong` replaces a number of its header."""
    blob = columns(cols, rows)
    n, size = wrong.get("n", len(rows)), wrong.get("size", len(blob))
    follows = wrong.get("follows", size + 16)
    return (
        b"\xdc\x00\x04"
        + struct.pack(">BIBIBIBIb", 0xCE, follows, 0xCE, number, 0xCE, n, 0xC9, size, wrong.get("ext", 1))
        + blob
    )


def bars(n: int, minutes: int = 15, start: int = T0) -> list[tuple[Any, ...]]:
    step, rows = minutes * MINUTE, []
    for i in range(n):
        low = 100.0 + i / 3
        rows.append((start + (i + 1) * step, start + i * step, low + 0.1, low + 0.7, low, low + 1 / 7, 0.1 * i, 1))
    return rows


def ticks(n: int, start: int = T0) -> list[tuple[Any, ...]]:
    return [(start + i * 1_500_000, 60_000.0 + i * 0.1, 1 / (i + 1)) for i in range(n)]


def begun(note: str) -> Stream:
    """A stream with a head, a series of ticks under id 1 and three rows, for something to go wrong with."""
    return Stream(note).head().schema(1, "trade", "BTCUSDT", "", TICK).rows(1, ticks(3))


def good() -> dict[str, Stream]:
    """Streams that must be read."""
    made = {}
    made["empty-section"] = Stream("a section without a series").head().end()
    made["no-rows"] = Stream("a series that never has a row").head().schema(1, "bar", "X", "1m", BAR).end()
    made["bars"] = (
        Stream("one series in two frames, and an optional column that is absent")
        .head()
        .schema(7, "bar", "BTCUSDT", "15m", BAR)
        .rows(7, bars(5))
        .rows(7, bars(3, start=T0 + 75 * MINUTE))
        .end(late=2)
    )
    made["one-row-frames"] = (
        Stream("rows one at a time, with one-byte columns padded to 8").head().schema(1, "bar", "X", "1m", BAR)
    )
    for row in bars(9, 1):
        made["one-row-frames"].rows(1, [row])
    made["one-row-frames"].end()
    big = 2**63 - 1
    made["every-type"] = (
        Stream("every type of column, vectors too, at its limits")
        .head()
        .schema(
            4_294_967_295,
            "mixed",
            "",
            "",
            [
                ("ts", "i8"),
                ("f", "f8"),
                ("i", "i4"),
                ("s", "s4"),
                ("t", "i1"),
                ("b", "b1"),
                ("v", "f4x3"),
                ("w", "i8x2"),
                ("u", "i1x5"),
                ("one", "f8x1"),
            ],
        )
        .map({"kind": "strings", "of": "mixed//", "col": "s", "values": ["", "a\u00e9\u4e16\U0001f600"]})
        .rows(
            4_294_967_295,
            [
                (-big - 1, 0.1, -(2**31), 0, -128, 0, (0.1, -0.0, math.inf), (big, -1), (1, 2, 3, 4, 5), (1.5,)),
                (0, 5e-324, 0, 1, 0, 1, (1.0, math.nan, 3.0), (0, 0), (0, 0, 0, 0, 0), (-0.0,)),
                (
                    big,
                    1.7976931348623157e308,
                    2**31 - 1,
                    1,
                    127,
                    1,
                    (1e-45, -1e38, 2.0),
                    (1, 2),
                    (-1, -2, -3, -4, -128),
                    (math.inf,),
                ),
            ],
        )
        .end()
    )
    made["free-text"] = (
        Stream("texts of their own, empty ones too, beside other columns")
        .head()
        .schema(1, "note", "X", "", [("ts", "i8"), ("said", "text"), ("n", "i1"), ("by", "text")])
        .rows(
            1, [(1, 'two\nlines, "quoted"\t', 1, ""), (2, "", 2, "\u00e4\u20ac"), (3, "\ufeff\U0001f600\x00", 3, "me")]
        )
        .rows(1, [(4, "", 4, "")])
        .rows(1, [(5, "x" * 65536, 5, "y")])
        .end()
    )
    made["specials"] = (
        Stream("nan, infinities and both zeros keep their place")
        .head()
        .schema(1, "trade", "X", "", TICK)
        .rows(1, [(1, math.nan, 0.0), (2, math.inf, -0.0), (3, -math.inf, 2.2250738585072014e-308)])
        .end()
    )
    made["several-series"] = (
        Stream("a coarse bar comes before the fine one that closes with it")
        .head()
        .schema(1, "bar", "A", "1m", BAR)
        .schema(2, "bar", "A", "3m", BAR)
        .schema(3, "bar", "B", "1m", BAR)
        .rows(1, bars(2, 1))
        .rows(3, bars(1, 1))
        .rows(2, bars(1, 3))
        .rows(1, bars(1, 1, T0 + 2 * MINUTE))
        .rows(3, bars(2, 1, T0 + MINUTE))
        .end()
    )
    made["provisional"] = (
        Stream("a forming bar is a further row with complete 0")
        .head()
        .schema(1, "bar", "X", "1m", BAR)
        .rows(1, [*bars(1, 1), (*bars(2, 1)[1][:-1], 0), bars(2, 1)[1]])
        .end()
    )
    made["maps-between"] = (
        Stream("unknown kinds pass; maps of any length leave the next frame at any byte")
        .head()
        .schema(1, "trade", "X", "", TICK)
    )
    for i in range(9):
        made["maps-between"].map({"kind": "note", "text": "x" * i, "deep": {"a": [1, -1, None, True, 0.5]}}).rows(
            1, ticks(1, T0 + i * MINUTE)
        )
    made["maps-between"].map({"kind": "\u4fe1\u53f7", "ts": T0}).map({"kind": "meta", "why": "long " * 2000}).end()
    made["marks"] = (
        Stream("marks between rows")
        .head()
        .schema(1, "trade", "X", "", TICK)
        .mark(-1)
        .rows(1, ticks(2))
        .mark(T0 + 10**9)
        .mark(T0 + 2 * 10**9)
        .end()
    )
    made["two-sections"] = (
        Stream("cat a.hqf b.hqf: ids begin anew, a column may have come")
        .head()
        .schema(1, "trade", "X", "", TICK)
        .schema(2, "bar", "X", "1m", BAR)
        .rows(1, ticks(2))
        .rows(2, bars(2, 1))
        .end()
        .head()
        .schema(1, "bar", "X", "1m", BAR)
        .schema(2, "trade", "X", "", [*TICK, ("side", "i1")])
        .rows(2, [(*row, 1) for row in ticks(2, T0 + MINUTE)])
        .rows(1, bars(2, 1, T0 + 2 * MINUTE))
        .end(late=1)
    )
    killed = (
        Stream("a writer that was killed goes on: its section has no end, the next head says resumed")
        .head()
        .schema(1, "trade", "X", "", TICK)
        .rows(1, ticks(4))
    )
    made["resumed"] = (
        killed.head(resumed=True, offset=len(killed.bytes))
        .schema(1, "trade", "X", "", TICK)
        .rows(1, ticks(2, T0 + MINUTE))
        .end()
    )
    rest = (
        Stream("the second part of such an output alone, and killed again")
        .head(resumed=True, offset=400)
        .schema(1, "trade", "X", "", TICK)
        .rows(1, ticks(4))
    )
    made["resumed-rest"] = (
        rest.head(resumed=True, offset=400 + len(rest.bytes))
        .schema(1, "trade", "X", "", TICK)
        .rows(1, ticks(2, T0 + MINUTE))
        .end()
    )
    made["new-columns"] = (
        Stream("a series announced again with other columns, under another id")
        .head()
        .schema(1, "trade", "X", "", TICK)
        .rows(1, ticks(2))
        .schema(2, "trade", "X", "", [*TICK, ("id", "i8")])
        .rows(2, [(*row, 2**60 + 1) for row in ticks(2, T0 + MINUTE)])
        .end()
    )
    made["announced-twice"] = (
        Stream("the same announcement a second time says nothing new")
        .head()
        .schema(1, "trade", "X", "", TICK, venue="binance")
        .rows(1, ticks(1))
        .schema(1, "trade", "X", "", TICK, venue="binance")
        .rows(1, ticks(1, T0 + MINUTE))
        .end()
    )
    return made


def bad() -> dict[str, Stream]:
    """Streams that must be refused, and where."""
    made = {}

    def refuse(name: str, note: str, data: bytes, says: str, at: int = 0, after: Stream | None = None) -> None:
        made[name] = (after or begun("")).bad(data, says, at)
        made[name].note = note

    noted = [("said", "text")]
    for name, note, data, says in (
        ("long", "a text of more than 65536 bytes", texts([65537], b"x" * 65537), "more than 65536 bytes"),
        ("wild", "a length that is no text's", texts([2**32 - 1], b"x"), "more than 65536 bytes"),
        ("beyond", "a length that leads beyond the frame", texts([1, 9], b"12345678"), "beyond the frame"),
        ("left", "bytes that no length counts", texts([1, 1], b"123456789"), "are no column's"),
        ("not-utf8", "a text that is not UTF-8", texts([2, 0], b"\xff\xfe"), "no UTF-8"),
        ("split", "a character that begins in one text and ends in the next", texts([1, 1], b"\xc3\xa4"), "no UTF-8"),
        ("overlong", "a zero in two bytes", texts([2, 0], b"\xc0\x80"), "no UTF-8"),
        ("surrogate", "half a surrogate pair", texts([3, 0], b"\xed\xa0\x80"), "no UTF-8"),
        ("no-lengths", "more rows than there are lengths", bytes(8), "lengths"),
    ):
        rows = 9 if name == "no-lengths" else 1 if name in ("long", "wild") else 2
        whole = (
            b"\xdc\x00\x04"
            + struct.pack(">BIBIBIBIb", 0xCE, len(data) + 16, 0xCE, 1, 0xCE, rows, 0xC9, len(data), 1)
            + data
        )
        made[f"text-{name}"] = Stream(note).head().schema(1, "note", "X", "", noted).bad(whole, says)

    one, pack = ticks(1), msgpack.packb
    whole = frame(1, TICK, one)
    refuse("cut-header", "the input stops inside a data frame's header", whole[:23], "inside a frame")
    refuse("cut-columns", "the input stops one byte before the frame's end", whole[:-1], "inside a frame")
    refuse("cut-map", "the input stops inside a map", pack({"kind": "mark", "ts": T0})[:-3], "inside a frame")
    refuse("no-end", "the input stops between frames, without an end", b"", "without its end")
    refuse("only-a-head", "a head and nothing else", b"", "without its end", after=Stream("").head())
    refuse("rows-too-few", "fewer bytes of columns than the rows need", frame(1, TICK, one, n=2), "2 rows")
    refuse("rows-too-many", "more bytes of columns than the rows need", frame(1, TICK, ticks(3), n=2), "2 rows")
    refuse("rows-none", "a frame of no rows", frame(1, TICK, [], n=0), "0 rows")
    refuse("rows-huge", "2^32-1 rows in 24 bytes", frame(1, TICK, one, n=2**32 - 1), "rows")
    refuse(
        "follows-wrong", "the first element does not lead to the frame's end", frame(1, TICK, one, follows=41), "follow"
    )
    refuse(
        "columns-huge", "4 GiB of columns announced", frame(1, TICK, one, size=2**32 - 17, follows=2**32 - 1), "follow"
    )
    refuse("ext-other", "columns of another extension type", frame(1, TICK, one, ext=2), "not an hq data frame")
    refuse("array-other", "an array16 of three", b"\xdc\x00\x03" + whole[3:], "not an hq data frame")
    refuse(
        "array-short",
        "the same four elements in msgpack's shortest form",
        pack([40, 1, 1, msgpack.ExtType(1, columns(TICK, one))]),
        "not hq-frames",
    )
    refuse("schema-unknown", "rows under an id that was not announced", frame(9, TICK, one), "not announced")
    two = begun("").end().head()
    refuse("schema-of-before", "an id holds until the next head", whole, "not announced", after=two)
    refuse(
        "schema-differs",
        "an id announced a second time with other columns",
        pack({"kind": "schema", "id": 1, "of": "trade", "symbol": "BTCUSDT", "period": "", "cols": [["ts", "i8"]]}),
        "differently",
    )
    for name, cols in (
        ("type-unknown", [["ts", "i9"]]),
        ("column-twice", [["ts", "i8"], ["ts", "f8"]]),
        ("no-columns", []),
        ("vector-empty", [["v", "f4x0"]]),
        ("vector-huge", [["v", "f8x999999999"]]),
        ("column-not-pair", [["ts"]]),
        ("column-number", [[1, "i8"]]),
        ("type-number", [["ts", 1]]),
        ("columns-text", "ts"),
    ):
        refuse(
            f"schema-{name}",
            "a schema whose columns cannot be",
            pack({"kind": "schema", "id": 2, "of": "x", "symbol": "", "period": "", "cols": cols}),
            "schema that cannot be read",
        )
    for name, value in (("negative", -1), ("large", 2**32), ("float", 1.5), ("text", "1")):
        refuse(
            f"schema-id-{name}",
            "a schema with an id that is not u32",
            pack({"kind": "schema", "id": value, "of": "x", "symbol": "", "period": "", "cols": [["ts", "i8"]]}),
            "schema that",
        )
    refuse(
        "schema-control",
        "a symbol that would write on the reader's terminal",
        pack({"kind": "schema", "id": 2, "of": "x", "symbol": "\x1b[2J", "period": "", "cols": [["ts", "i8"]]}),
        "schema that",
    )
    for name, rows in (("more", 4), ("less", 2)):
        refuse(
            f"end-{name}",
            "an end that counts other rows than came",
            pack({"kind": "end", "rows": {"trade/BTCUSDT/": rows}, "dropped": {}}),
            f"counts {rows} rows",
        )
    refuse(
        "end-silent",
        "an end that does not name the series",
        pack({"kind": "end", "rows": {}, "dropped": {}}),
        "counts 0",
    )
    refuse("end-countless", "an end without counts", pack({"kind": "end"}), "without the counts")
    refuse(
        "end-dropped",
        "an end whose dropped rows are no counts",
        pack({"kind": "end", "rows": {"trade/BTCUSDT/": 3}, "dropped": {"late": "many"}}),
        "dropped",
    )
    refuse(
        "head-again", "a head in a section that has no end", pack({"kind": "head", "hq": 1, "made_by": []}), "no end"
    )
    for name, offset in (("elsewhere", 10), ("nowhere", None), ("text", "10"), ("negative", -10)):
        refuse(
            f"resumed-{name}",
            "a resumed head at another place of its section than it says",
            pack({"kind": "head", "hq": 1, "made_by": [], "resumed": True, **({"offset": offset} if offset else {})}),
            "resumed head that",
        )
    refuse(
        "resumed-after-end",
        "a resumed head where the section was ended",
        pack({"kind": "head", "hq": 1, "made_by": [], "resumed": True, "offset": 100}),
        "but 0 lie before it",
        after=begun("").end(),
    )
    for name, period in (("huge", "9" * 20 + "d"), ("long", "90000d"), ("word", "often")):
        refuse(
            f"schema-period-{name}",
            "a period that is none, or longer than 100 years",
            pack({"kind": "schema", "id": 2, "of": "x", "symbol": "", "period": period, "cols": [["ts", "i8"]]}),
            "schema that cannot be read: period",
        )
    refuse(
        "end-dropped-huge",
        "an end whose dropped rows are more than 2^53",
        pack({"kind": "end", "rows": {"trade/BTCUSDT/": 3}, "dropped": {"late": 2**53}}),
        "dropped",
    )
    refuse("head-version", "a version to come", pack({"kind": "head", "hq": 2}), "version 2", after=Stream(""))
    refuse("head-missing", "rows before any head", whole, "not announced", after=Stream(""))
    refuse("map-first", "a schema before any head", pack({"kind": "schema"}), "no head", after=Stream(""))
    refuse("after-end", "a map after the end", pack({"kind": "note"}), "no head", after=begun("").end())
    refuse("mark-text", "a mark whose ts is no number", pack({"kind": "mark", "ts": "now"}), "mark without a ts")
    refuse("mark-large", "a mark beyond int64", pack({"kind": "mark", "ts": 2**63}), "mark without a ts")
    refuse("kind-missing", "a map without a kind", pack({"ts": 1}), "without a kind")
    refuse("kind-number", "a kind that is no text", pack({"kind": 1}), "without a kind")
    refuse("key-number", "a map whose keys are no texts", pack({1: 2, "kind": "x"}), "cannot be read")
    refuse("text", "garbage after a frame", b"hello\n", "not hq-frames")
    refuse("reserved-byte", "the byte that msgpack never uses, alone and in a map", b"\xc1", "not hq-frames")
    refuse("reserved-in-map", "the byte that msgpack never uses, as a value", b"\x81\xa4kind\xc1", "cannot be read")
    refuse("not-utf8", "a text that is not UTF-8", b"\x81\xa4kind\xa2\xff\xfe", "cannot be read")
    refuse("str-huge", "4 GiB of text announced", b"\x81\xdb\xff\xff\xff\xff", "inside a frame")
    refuse("bin-huge", "4 GiB of bytes announced", b"\x81\xa4kind\xc6\xff\xff\xff\xff", "inside a frame")
    refuse("ext-huge", "an ext of 4 GiB in a map", b"\x81\xa4kind\xc9\xff\xff\xff\xff\x01", "at byte")
    refuse("array-huge", "2^32-1 elements announced in a map", b"\x81\xa4kind\xdd\xff\xff\xff\xff", "cannot be read")
    refuse("array-large", "one element more than the limit", b"\x81\xa4kind\xdc\x10\x01", "cannot be read")
    refuse("map-large", "one pair more than the limit", b"\x81\xa4kind\xdf\x00\x01\x00\x01", "cannot be read")
    refuse("map-huge", "2^32-1 pairs announced", b"\xdf\xff\xff\xff\xff", "cannot be read")
    refuse("deep", "arrays in arrays, 100000 deep", b"\x81\xa4kind" + b"\x91" * 100_000 + b"\xc0", "cannot be read")
    refuse(
        "deep-wide", "1000 arrays in arrays, each of 4096", b"\x81\xa4kind" + b"\xdc\x10\x00" * 1000, "inside a frame"
    )
    return made


def main() -> int:
    check = sys.argv[1:] == ["--check"]
    wanted: dict[str, bytes] = {}
    for kind, streams in (("good", good()), ("bad", bad())):
        for name, stream in streams.items():
            assert (stream.error is None) == (kind == "good"), name
            wanted[f"{kind}-{name}.hqf"] = stream.bytes
            wanted[f"{kind}-{name}.json"] = (json.dumps(stream.told(), separators=(",", ":")) + "\n").encode()
    there = {path.name: path.read_bytes() for path in FOLDER.glob("*") if path.suffix in (".hqf", ".json")}
    wrong = sorted(name for name in {*there, *wanted} if there.get(name) != wanted.get(name))
    if check:
        for name in wrong:
            print(f"make_vectors: {name} is not what scripts/make_vectors.py makes; run it", file=sys.stderr)
        return 1 if wrong else 0
    FOLDER.mkdir(exist_ok=True)
    for name in wrong:
        if name in wanted:
            (FOLDER / name).write_bytes(wanted[name])
        else:
            (FOLDER / name).unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main())
