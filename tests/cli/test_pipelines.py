"""What hq gives to pipelines/list.txt, held as digests: a change of its insides must leave every byte as it was.

HQ_ACCEPT=1 writes the digests of a run in place of comparing.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
from pathlib import Path

import pytest
from places import ROOT

HERE = ROOT / "tests"
DIGESTS = HERE / "pipelines/digests.txt"
ACCEPT = bool(os.environ.get("HQ_ACCEPT"))
PIPELINES = {
    name: lines.replace("\n    ", "\n").strip()
    for name, lines in re.findall(r"^([\w-]+)\n((?:(?:    .*)?\n)+)", (HERE / "pipelines/list.txt").read_text(), re.M)
}


def kept(text: str) -> dict[str, str]:
    return dict(line.split() for line in text.splitlines())


def accept(name: str, digest: str) -> None:
    with DIGESTS.open("r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # other processes of xdist write theirs
        digests = kept(file.read()) | {name: digest}
        file.seek(0)
        file.truncate()
        file.writelines(f"{name} {digests[name]}\n" for name in PIPELINES if name in digests)


@pytest.mark.skipif(ACCEPT, reason="digests are being written")
def test_each_pipeline_has_a_digest() -> None:
    assert len(PIPELINES) >= 40
    assert list(kept(DIGESTS.read_text())) == list(PIPELINES)


@pytest.mark.parametrize("name", PIPELINES)
def test_pipeline_gives_what_it_gave(name: str, run, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "examples").symlink_to(ROOT / "examples")
    if name.startswith("real-"):
        (folder / "data").symlink_to(request.getfixturevalue("shared") / "data")
    ran = run(PIPELINES[name], cwd=folder)
    said = "".join(sorted(ran.stderr.splitlines(keepends=True)))
    given = ran.stdout + f"{said}exit {ran.code}\n".encode()
    (output := tmp_path / "output").write_bytes(given)
    digest = hashlib.blake2b(given, digest_size=16).hexdigest()
    if ACCEPT:
        accept(name, digest)
        return
    assert digest == kept(DIGESTS.read_text())[name], (
        f"{name} gives other bytes: {output} has them. For those of before, run this test in a checkout of then, with "
        "--basetemp=FOLDER, where each test leaves its output, and compare the two"
    )
