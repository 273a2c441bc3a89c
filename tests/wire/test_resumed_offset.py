"""kill -9 output that was not cut back: a resumed head says where in its section it goes on, and readers check it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress

import frames
import msgpack
import promises
import pytest
import vector_files
from inputs import descriptor
from places import ROOT

from hq_core import statefile
from hq_core.errors import DATA, HqError
from hq_core.wire import Reader

ENV = {**os.environ, "PYTHONPATH": str(ROOT / "core")}
LINE = [sys.executable, "-m", "hq_cli.indicators", "ema:3"]
SCHEMA, ROWS = frames.flat_bars([100.0 + i * 7919 % 31 for i in range(400)])
DATA_IN = frames.frames((SCHEMA, ROWS), each=20)


@pytest.fixture
def killed(tmp_path):
    """The output and the state of a filter that was killed between two states."""
    state, output = tmp_path / "s", tmp_path / "out"
    with open(output, "wb") as out:
        process = subprocess.Popen(
            [*LINE, "--state", str(state), "--state-every", "100"], stdin=subprocess.PIPE, stdout=out, env=ENV
        )
        at = 0
        for kind, position in _positions(DATA_IN)[:10]:  # 160 rows; the state was written after 100
            before = output.stat().st_size
            process.stdin.write(DATA_IN[at:position])
            process.stdin.flush()
            at = position
            while kind == "rows" and output.stat().st_size == before:
                assert process.poll() is None
                time.sleep(0.005)
        assert 0 < statefile.read(str(state))["output"]["bytes"] < output.stat().st_size
        process.kill()
        process.stdin.close()
        assert process.wait() == -signal.SIGKILL
    return state, output


def resumed(state, output):
    data = DATA_IN[statefile.read(str(state))["input"]["bytes"] :]
    with open(output, "ab") as out:
        subprocess.run([*LINE, "--state", str(state)], input=data, stdout=out, env=ENV, check=True)
    return output.read_bytes()


def test_output_that_was_not_cut_back_is_refused(killed):
    _, output = killed
    with pytest.raises(HqError, match="resumed head that goes on after .* cut the output to what hq-state") as refused:
        promises.said(resumed(*killed))
    assert refused.value.code == DATA
    reader = [sys.executable, ROOT / "examples/readers/read_frames.py"]
    elsewhere = subprocess.run(reader, input=output.read_bytes(), capture_output=True)
    assert b"was not cut back" in elsewhere.stderr


def test_output_that_was_cut_back_reads_as_one_run(killed):
    state, output = killed
    os.truncate(output, statefile.read(str(state))["output"]["bytes"])
    whole = subprocess.run(LINE, input=DATA_IN, capture_output=True, env=ENV, check=True).stdout
    assert promises.said(resumed(state, output)) == promises.said(whole)


def test_output_that_was_cut_too_short_is_refused(killed):
    state, output = killed
    data = output.read_bytes()[: statefile.read(str(state))["output"]["bytes"]]
    last = [position for kind, position in _positions(data) if kind == "rows"][-2]
    output.write_bytes(data[:last])
    with pytest.raises(HqError, match="rows would come twice or be missing"):
        promises.said(resumed(state, output))


def test_an_end_that_the_state_does_not_know_of_is_refused():
    """Killed after the end was written and before the state was: the state goes on in a section that is closed."""
    whole = frames.frames((SCHEMA, ROWS))
    head = msgpack.packb({"kind": "head", "hq": 1, "made_by": [], "resumed": True, "offset": 500})
    with pytest.raises(HqError, match="goes on after 500 bytes of its section, but 0 lie before it"):
        promises.said(whole + head)


def test_the_second_part_alone_is_read_and_checks_what_follows():
    data = vector_files.stream("good-resumed-rest")
    assert len(promises.said(data)[0]["trade/X/"]["ts"]) == 8 * 6
    moved = data.replace(msgpack.packb(400), msgpack.packb(401), 1)
    with pytest.raises(HqError, match="is a resumed head that goes on after"):
        promises.said(moved)


def test_a_reader_that_goes_on_from_a_state_still_knows_where_the_section_began():
    good, bad = vector_files.stream("good-resumed"), vector_files.stream("bad-resumed-elsewhere")
    for data, fits in ((good, True), (bad, False)):
        for cut in [position for kind, position in _positions(data) if kind in ("schema", "rows")][:2]:
            assert _goes_on(data, cut) is fits


def _goes_on(data, cut):
    fd = descriptor(data)
    try:
        first = Reader(fd)
        for _ in first:
            if first.position == cut:
                break
        os.lseek(fd, cut, os.SEEK_SET)
        second = Reader(fd)
        list(second.load(msgpack.unpackb(msgpack.packb(first.save()))))
        with suppress(HqError):
            list(second)
            return True
        return False
    finally:
        os.close(fd)


def _positions(data):
    """What comes, and where it ends."""
    found = []
    fd = descriptor(data)
    try:
        reader = Reader(fd)
        for kind, _ in frames.tagged(reader):
            if kind != "idle":
                found.append((kind, reader.position))
    except HqError:
        pass
    finally:
        os.close(fd)
    return found
