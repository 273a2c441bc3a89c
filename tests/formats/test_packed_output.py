"""hq-export packs text by the name of the file that it writes, and says where a name tells of another format."""

from __future__ import annotations

import gzip

import pytest

MADE = "hq-gen bars --rows 4000 --seed 1"


@pytest.mark.parametrize("format_", ["csv", "tsv", "jsonl", "json"])
@pytest.mark.parametrize("ending", ["gz", "zst", "GZ"])
def test_text_is_packed_by_the_name(run, format_, ending, tmp_path):
    got = run(f"{MADE} | hq-export {format_} -o x.{ending}")
    assert (got.code, got.stderr) == (0, "")
    assert (tmp_path / f"x.{ending}").read_bytes()[:2] == (b"(\xb5" if ending == "zst" else b"\x1f\x8b")
    assert run(f"hq-import x.{ending} | hq-diff - <({MADE})").code == 0


def test_what_is_packed_is_the_text(run, tmp_path):
    run(f"{MADE} | tee a.hqf | hq-export csv -o x.csv.gz; hq-export csv -o y.csv.gz < a.hqf")
    packed = (tmp_path / "x.csv.gz").read_bytes()
    assert gzip.decompress(packed) == run("hq-export csv < a.hqf").stdout
    assert packed == (tmp_path / "y.csv.gz").read_bytes()


@pytest.mark.parametrize("format_", ["parquet", "arrow", "npz"])
def test_what_is_packed_inside_is_not_packed_again(run, format_, tmp_path):
    got = run(f"{MADE} | hq-export {format_} -o x.gz")
    assert (got.code, got.stderr) == (2, f"hq-export: {format_} is not packed as a whole; leave .gz away\n")
    assert not (tmp_path / "x.gz").exists()


def test_a_name_that_says_another_format_is_told(run):
    for name in ("x.parquet", "x.jsonl.gz"):
        got = run(f"{MADE} | hq-export csv -o {name}")
        assert (got.code, got.stderr) == (0, f"hq-export: {name} holds csv, as its name does not say\n")
    assert run(f"{MADE} | hq-export csv -o x.csv").stderr == ""
    assert run(f"{MADE} | hq-export csv -o x.txt").stderr == ""
