"""Packed text: gzip, bzip2, xz, Zstandard and zip in one pass, whatever their members; damage is told."""

from __future__ import annotations

import bz2
import gc
import gzip
import json
import lzma
import os
import threading
import zlib

import fuzz_text
import pytest
from inputs import archive, descriptor
from test_csv import PLAIN, Slow, read_bytes, zipped

from hq_core.errors import HqError
from hq_core.formats import inflate, sniff
from hq_core.formats.ahead import BLOCKS, AheadStream
from hq_core.formats.byte_stream import READ, ByteStream
from hq_core.formats.unpack import unpacked


@pytest.fixture(autouse=True, params=["zlib", "zlib ahead", "isal ahead"])
def unpacking(request, monkeypatch):
    """All of this with each library, and with a thread that unpacks ahead or without."""
    library, _, ahead = request.param.partition(" ")
    module = zlib if library == "zlib" else pytest.importorskip("isal.isal_zlib")
    monkeypatch.setattr(inflate, "_zlibs", [module])
    monkeypatch.setattr(sniff, "LARGE", 1 if ahead else 1 << 62)
    monkeypatch.setattr("hq_core.formats.ahead.two_processors", lambda: True)


PACKERS = {"gzip": gzip.compress, "bzip2": bz2.compress, "xz": lzma.compress, "zstd": fuzz_text.zstd}
TWO = len(PLAIN) // 2


def refused(data: bytes, message: str, **options) -> None:
    with pytest.raises(HqError, match=message) as caught:
        read_bytes(data, **options)
    assert caught.value.code == 65


@pytest.mark.parametrize("name", PACKERS)
def test_each_packing_reads_the_same_also_in_members(name):
    pack = PACKERS[name]
    assert read_bytes(pack(PLAIN)) == read_bytes(PLAIN)
    assert read_bytes(pack(PLAIN[:TWO]) + pack(b"") + pack(PLAIN[TWO:])) == read_bytes(PLAIN)


@pytest.mark.parametrize("name", PACKERS)
@pytest.mark.parametrize("keep", [12, 40, -9, -1])
def test_a_cut_is_told_for_each_packing(name, keep):
    refused(PACKERS[name](PLAIN)[:keep], f"{name} data (stops in the middle|is damaged)")


@pytest.mark.parametrize("name", PACKERS)
def test_other_bytes_behind_are_told_for_each_packing(name):
    refused(PACKERS[name](PLAIN) + b"junk", f"after the end of the {name} data come other bytes|{name} data is damaged")


@pytest.mark.parametrize("name", PACKERS)
def test_damage_is_told_for_each_packing(name):
    data = bytearray(PACKERS[name](PLAIN))
    data[20:60] = b"\xff" * 40

    def drain() -> None:
        stream = unpacked(Slow(bytes(data), []))
        while stream.readinto(memoryview(bytearray(1 << 16))):
            pass

    with pytest.raises(HqError, match=f"{name} data is damaged"):
        drain()


@pytest.mark.parametrize("zeros", [1, 7, 512, 100_000])
@pytest.mark.parametrize("name", ["gzip", "bzip2", "xz"])
def test_a_member_behind_zeros_is_read(name, zeros):
    pack = PACKERS[name]
    data = pack(PLAIN[:TWO]) + bytes(zeros) + pack(PLAIN[TWO:]) + bytes(zeros)
    assert read_bytes(data) == read_bytes(PLAIN)
    refused(pack(PLAIN[:TWO]) + bytes(zeros) + b"x", f"after the end of the {name} data come other bytes")


def test_the_file_of_the_finding_gives_both_rows(shared):
    file = shared / "attack/pad.gz"
    if not file.exists():
        pytest.skip(f"needs {file}")
    assert [len(columns["ts"]) for columns in read_bytes(file.read_bytes()).values()] == [2]


def test_packing_1500_deep_is_refused():
    data = PLAIN
    for _ in range(1500):
        data = gzip.compress(data, 1)
    refused(data, "packed more than 4 times over")
    assert read_bytes(gzip.compress(zipped(PLAIN))) == read_bytes(PLAIN)
    assert read_bytes(fuzz_text.zstd(gzip.compress(bz2.compress(lzma.compress(PLAIN))))) == read_bytes(PLAIN)


def test_empty_members_cost_no_more_than_their_bytes():
    """What a member may look at is bounded, so that n empty ones take n steps and not n squared."""
    from hq_core.formats.byte_stream import PIECE

    class Counted(Slow):
        given = 0

        def some(self, most):
            found = super().some(most)
            Counted.given += len(found)
            return found

    n = 3000
    stream = unpacked(Counted(gzip.compress(b"") * n + gzip.compress(b"x"), []))
    assert stream.readinto(memoryview(bytearray(10))) == 1
    assert Counted.given < (2 * n + 2) * PIECE


def test_a_spreadsheet_gets_a_hint():
    for name in ("[Content_Types].xml", "mimetype", "xl/workbook.xml", "_rels/.rels"):
        refused(archive((name, b"<x/>")), "this is a spreadsheet or another office file .*: save it as CSV")


def test_a_packed_file_in_a_zip_gets_a_hint():
    refused(archive(("a.csv.gz", gzip.compress(PLAIN))), "zip: a.csv.gz: is packed itself")
    refused(archive(("a.zip", archive(("a.csv", PLAIN)))), "zip: a.zip: is packed itself")


def test_text_that_begins_like_bzip2_is_text():
    refused(b"BZh1,foo\n1,2\n", "the columns BZh1, foo are neither bars")


# -- the files of a zip ----------------------------------------------------------------------------------------
HEADER, ROWS = PLAIN.split(b"\n", 1)
HALF = ROWS.index(b"\n", len(ROWS) // 2) + 1
BARS = "open_time,close\n" + "".join(f"{1600000000000 + 60000 * i},{i}\n" for i in range(1, 5))


def test_files_with_the_same_header_are_one_series():
    for second in (HEADER + b"\n" + ROWS[HALF:], b"\xef\xbb\xbf" + HEADER.replace(b",", b", ") + b"\r\n" + ROWS[HALF:]):
        data = archive(("a.csv", HEADER + b"\n" + ROWS[:HALF]), ("empty.csv", b""), ("b.csv", second), ("end", b""))
        assert read_bytes(data) == read_bytes(PLAIN)
    assert read_bytes(archive(("a.csv", ROWS[:HALF]), ("b.csv", ROWS[HALF:]))) == read_bytes(PLAIN)
    assert read_bytes(archive(("a.csv", HEADER), ("b.csv", PLAIN))) == read_bytes(PLAIN)
    assert read_bytes(archive(("a.csv", PLAIN[:0]), ("b.csv", PLAIN))) == read_bytes(PLAIN)


def test_files_of_different_columns_are_refused_by_name():
    other = BARS.encode()
    refused(archive(("a.csv", PLAIN), ("b.csv", other)), "zip: a.csv and b.csv have other columns, id, .* and open_")
    swapped = b"id,qty,price,time,is_buyer_maker\n" + ROWS
    refused(archive(("a.csv", PLAIN), ("b.csv", swapped)), "zip: a.csv and b.csv have other columns")
    refused(archive(("a.csv", HEADER), ("b.csv", other)), "zip: a.csv and b.csv have other columns")
    bare = BARS.split("\n", 1)[1].encode()
    refused(archive(("a.csv", other), ("b.csv", bare)), "zip: a.csv and b.csv do not both have a header")


def test_files_named_for_two_symbols_or_periods_are_refused():
    first, later = BARS, BARS.replace("16000", "17000")
    jan, feb = ("BTCUSDT-1m-2024-01.csv", first.encode()), ("BTCUSDT-1m-2024-02.csv", later.encode())
    assert list(read_bytes(archive(jan, feb))) == ["bar//1m"]
    eth, hour = ("x/ETHUSDT-1m-2024-02.csv", later.encode()), ("BTCUSDT-1h-2024-02.csv", later.encode())
    refused(
        archive(jan, eth),
        "zip: BTCUSDT-1m-2024-01.csv and x/ETHUSDT-1m-2024-02.csv are of BTCUSDT and ETHUSDT: "
        "import them one by one, unless --symbol says",
    )
    refused(archive(jan, hour), "zip: .* hold 1m and 1h: import them one by one, unless --period says")
    assert list(read_bytes(archive(jan, eth), symbol="X")) == ["bar/X/1m"]
    assert list(read_bytes(archive(jan, hour), period="1m")) == ["bar//1m"]
    with_symbol = [
        (name, data.replace(b"open_time", b"symbol,open_time").replace(b"\n1", b"\nS,1")) for name, data in (jan, eth)
    ]
    assert read_bytes(archive(*with_symbol))["bar//1m"]["symbol"] == ["S"] * 2 * (first.count("\n") - 1)


def test_json_files_of_two_symbols_are_refused_too():
    candles = json.dumps([[1600000000000 + 60000 * i, 1, 1, 1, 1, 1] for i in range(3)]).encode()
    files = ("BTCUSDT-1m-2024-01.json", candles), ("ETHUSDT-1m-2024-01.json", candles.replace(b"16000", b"17000"))
    refused(archive(*files), "element 4 .*: zip: BTCUSDT.* and ETHUSDT.* are of BTCUSDT and ETHUSDT")
    same = files[0], ("BTCUSDT-1m-2024-02.json", files[1][1])
    assert len(read_bytes(archive(*same))["bar//1m"]["ts"]) == 6


def test_a_saved_source_knows_the_first_file_of_its_zip():
    from hq_core.formats.csv import CsvSource

    source = CsvSource(unpacked(Slow(archive(("A-1m-2024-01.csv", BARS.encode())), [99])))
    for _ in source:
        pass
    assert source.save()["file"] == "A-1m-2024-01.csv"


# -- the thread ------------------------------------------------------------------------------------------------------
def ahead_of(data: bytes) -> tuple[AheadStream, int]:
    fd = descriptor(data)
    return AheadStream(unpacked(ByteStream(fd))), fd


def test_what_is_good_comes_before_what_is_damaged():
    plain = os.urandom(3 * READ + 17)
    data = bytearray(gzip.compress(plain))
    data[-6] ^= 1  # of its checksum
    stream, fd = ahead_of(bytes(data))
    got, room = bytearray(), bytearray(100_000)

    def drain() -> None:
        while n := stream.readinto(memoryview(room)):
            got.extend(room[:n])

    with pytest.raises(HqError, match="gzip data is damaged") as caught:
        drain()
    assert got == plain[: len(got)]
    assert len(got) > 3 * READ - 1
    with pytest.raises(HqError) as again:
        stream.readinto(memoryview(room))
    assert again.value is caught.value
    os.close(fd)


def test_a_stream_that_is_given_up_leaves_no_thread_and_no_descriptor():
    def state() -> tuple[int, int]:
        return threading.active_count(), len(os.listdir("/proc/self/fd"))

    before = state()
    data = gzip.compress(bytes(READ * (BLOCKS + 9)))
    for _ in range(20):
        stream, fd = ahead_of(data)
        assert stream.peek(1) == b"\0"
        os.close(fd)  # whoever opened it may; the thread has its own
        del stream
    gc.collect()
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and thread.name.endswith("(_unpack)"):
            thread.join(30)
    assert state() == before
