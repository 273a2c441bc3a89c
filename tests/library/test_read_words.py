"""What read(...) says to do is named as a program gives it, as hq-import names its options."""

from __future__ import annotations

import pytest

import hq_core
from hq_core.errors import HqError

HEAD = "ts,open,high,low,close\n"
ROW = "2026-01-01T00:0{}:00Z,{},3,1,2\n"


@pytest.mark.parametrize(
    ("rows", "library", "command"),
    [
        ([(0, 2), (1, 9)], "pass invalid drop or keep to read", "pass --invalid drop or keep to hq-import"),
        ([(0, 2), (4, 2), (5, 2)], "pass period to read", "pass --period to hq-import"),
    ],
)
def test_what_to_do_is_named_for_who_reads_it(run, tmp_path, rows, library, command):
    (tmp_path / "a.csv").write_text(HEAD + "".join(ROW.format(*row) for row in rows))
    with pytest.raises(HqError) as said:
        list(hq_core.read(str(tmp_path / "a.csv"), stamp="close"))
    assert str(said.value).endswith(library)
    got = run("hq-import --stamp close a.csv")
    assert got.code == 65
    assert got.stderr.endswith(f"{command}\n")
