"""Maps that a filter only passes on leave it with the bytes that they came with; what nobody sees is not made."""

from __future__ import annotations

import json
import struct
import subprocess
import sys

import frames
import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st
from inputs import descriptor

from hq_core.roles import Map
from hq_core.wire import Reader, writer

HEAD = msgpack.packb({"kind": "head", "hq": 1, "made_by": []})
END = msgpack.packb({"kind": "end", "rows": {}, "dropped": {}})
# as others may write them: the kind last, a number in more bytes than it needs, a float32, a long form of a short text
FOREIGN = [
    b"\x82\xa1n\xd3" + (5).to_bytes(8, "big") + b"\xa4kind\xa4note",
    b"\x82\xa4kind\xa4note\xa1x\xca" + struct.pack(">f", 0.1),
    b"\xde\x00\x02\xa4kind\xa4note\xd9\x01t\xda\x00\x03abc",
    b"\x82\xa4kind\xa4note\xa1e\xc7\x03\x05abc",
]


def command(*line: str, data: bytes) -> bytes:
    return subprocess.run(
        [sys.executable, "-m", f"hq_cli.{line[0]}", *line[1:]], input=data, stdout=subprocess.PIPE, check=True
    ).stdout


@pytest.mark.parametrize("line", [["indicators", "sma:3"], ["aggregate", "1m"], ["backtest"]], ids=lambda line: line[0])
def test_a_map_that_is_passed_on_keeps_its_bytes(line: list[str]) -> None:
    own = [msgpack.packb({"kind": "note", "n": n, "text": "x" * n}) for n in (0, 100, 5000)]
    strings = msgpack.packb({"kind": "strings", "of": "x//", "col": "c", "values": ["a", "b"]})
    maps = b"".join([*FOREIGN, *own, strings, *FOREIGN])
    assert maps in command(*line, data=HEAD + maps + END)


@given(st.lists(st.dictionaries(st.text(max_size=5), st.integers(-5, 2**40) | st.floats() | st.text()), max_size=40))
def test_a_map_as_it_was_read_has_its_own_bytes(said: list[dict[str, object]]) -> None:
    parts = [{**one, "kind": "note"} for one in said]
    data = frames.frames(*parts)
    found = [item.raw for item in Reader(descriptor(data)) if isinstance(item, Map)]
    assert found == [msgpack.packb(part) for part in parts]


def test_a_report_alone_is_the_report_of_the_frames(tmp_path) -> None:
    (tmp_path / "s.hq").write_text("IF RSI(14) < 30 THEN BUY\nIF RSI(14) > 70 THEN SELL")
    bars = command("gen", "bars", "--rows", "3000", "--seed", "1", data=b"")
    orders = command("signal", str(tmp_path / "s.hq"), data=bars)
    told = json.loads(command("backtest", "--json", data=orders))
    whole = frames.read(command("backtest", data=orders)).maps[-1]
    assert whole["kind"] == "report"
    assert {**told, "card": None} == {**json.loads(json.dumps(whole)), "card": None}  # which tells the command
    assert told["rows"] == 3000
    assert told["trades"] > 0


def test_beside_a_report_no_frame_is_made(tmp_path) -> None:
    """In a process of its own, in which whoever writes a frame fails."""
    (tmp_path / "s.hq").write_text("IF RSI(14) < 30 THEN BUY\nIF RSI(14) > 70 THEN SELL")
    orders = command(
        "signal", str(tmp_path / "s.hq"), data=command("gen", "bars", "--rows", "300", "--seed", "1", data=b"")
    )
    code = f"""
import sys
from hq_cli.backtest import main
from {writer.__name__} import Writer
def refuse(*given):
    raise AssertionError("a frame was made")
Writer.__init__ = Writer.rows = Writer.map = refuse
sys.argv = ["hq-backtest", "--json"]
main()
"""
    ran = subprocess.run([sys.executable, "-c", code], input=orders, capture_output=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout)["rows"] == 300
