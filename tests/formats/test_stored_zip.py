"""Zips of stored files: zipfile reads them, and their checks are those of zlib."""

import os
import random
import zipfile
import zlib

import pytest

from hq_core.formats import stored_zip
from hq_core.formats.stored_zip import StoredZip, joined


@pytest.mark.parametrize("seed", range(50))
def test_joined_is_the_check_of_both(seed):
    chosen = random.Random(seed)
    first, second = (chosen.randbytes(chosen.choice((0, 1, 7, 64, 4096, 100_003))) for _ in range(2))
    assert joined(zlib.crc32(first), zlib.crc32(second), len(second)) == zlib.crc32(first + second)


def archive(path, files):
    with path.open("wb") as out:
        made = StoredZip(out)
        for name, parts in files.items():
            whole = b"".join(parts)
            made.add(name, len(whole), zlib.crc32(whole), parts)
        made.end()
    return path


def test_zipfile_reads_it(tmp_path):
    files = {"a.npy": [b"one", b"", b"two"], "größe.npy": [], "c": [os.urandom(70_000)]}
    with zipfile.ZipFile(archive(tmp_path / "a.zip", files)) as found:
        assert found.testzip() is None
        assert {name: found.read(name) for name in found.namelist()} == {n: b"".join(p) for n, p in files.items()}


def test_same_files_make_same_bytes(tmp_path):
    made = [archive(tmp_path / name, {"a": [b"one"]}).read_bytes() for name in ("one.zip", "two.zip")]
    assert made[0] == made[1]


def test_numbers_of_64_bits(tmp_path, monkeypatch):
    """With the bound lowered all numbers of 64 bits are written; zipfile reads them wherever they stand."""
    monkeypatch.setattr(stored_zip, "MANY", 3)
    files = {str(at): [bytes([at]) * 10] for at in range(5)}
    with zipfile.ZipFile(archive(tmp_path / "many.zip", files)) as found:
        assert found.testzip() is None
        assert len(found.namelist()) == 5


@pytest.mark.skipif(os.environ.get("HQ_TRIALS") != "full", reason="HQ_TRIALS=full: 4.1 GiB of zeros")
def test_more_than_4_gib(tmp_path):
    zeros = bytes(1 << 24)
    check = 0
    for _ in range(264):
        check = zlib.crc32(zeros, check)
    path = tmp_path / "large.zip"
    with path.open("wb") as out:
        made = StoredZip(out)
        made.add("large", 264 << 24, check, (zeros for _ in range(264)))
        made.add("behind", 3, zlib.crc32(b"abc"), [b"abc"])
        made.end()
    with zipfile.ZipFile(path) as found:
        assert found.testzip() is None
        assert found.getinfo("large").file_size == 264 << 24
        assert found.read("behind") == b"abc"


def test_a_size_that_is_not_so_is_found(tmp_path):
    with (tmp_path / "a.zip").open("wb") as out, pytest.raises(AssertionError, match="3 bytes, 4"):
        StoredZip(out).add("a", 4, 0, [b"abc"])
