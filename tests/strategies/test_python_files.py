"""hq-signal --python: files, who may write them, what they print, states, panels, and how all of it ends."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from documents import examples_in
from places import ROOT

BARS = "hq-gen bars --rows 500 --seed 1"
BREAKOUT = "--python examples/strategies/breakout.py:Breakout"
MINIMAL = "--python examples/strategies/minimal.py:MyStrategy"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    examples_in(tmp_path)
    return tmp_path


def written(folder: Path, body: str, name: str = "s.py", head: str = "") -> None:
    """A strategy Own with `next(self, row)` of that body."""
    lines = "".join(f"        {line}\n" for line in body.splitlines())
    (folder / name).write_text(f"{head}\n\nclass Own:\n    def next(self, row):\n{lines}")
    (folder / name).chmod(0o644)


OWN = "hq-signal --signals --python s.py:Own"


def test_the_command_of_the_documents_works(run: Any, folder: Path) -> None:
    ran = run(f"{BARS} | hq-signal {MINIMAL} | hq-backtest --json")
    assert ran.code == 0, ran.stderr
    assert json.loads(ran.text)["orders"]["total"] == 1000


def test_the_minimal_strategy_is_its_line_of_the_language(run: Any, folder: Path) -> None:
    (folder / "MyStrategy.hq").write_text("IF close > 100 THEN BUY(size=1)\n")
    ran = run(f"hq-diff <({BARS} | hq-signal {MINIMAL}) <({BARS} | hq-signal MyStrategy.hq)")
    assert (ran.code, ran.stderr) == (0, ""), ran.text


def test_breakout_by_its_definition(run: Any, folder: Path) -> None:
    """Its orders beside a slow form over the columns that hq-indicators gives."""
    ran = run(f"{BARS} | hq-indicators atr:14 | hq-export csv --columns high,close,atr_14")
    rows = [[float(value or "nan") for value in line.split(",")[-3:]] for line in ran.text.splitlines()[1:]]
    wanted, peak = [], 0.0
    for i, (_, close, atr) in enumerate(rows):
        if not peak:
            if i >= 20 and atr == atr and close > max(high for high, _, _ in rows[i - 20 : i]):
                peak = close
                wanted.append((i, "open", "new high", ""))
            continue
        peak = max(peak, close)
        if close < peak - 2.5 * atr:
            wanted.append((i, "close", "gave back", str(peak)))
            peak = 0.0
    assert len(wanted) > 10
    columns = "ts,action,meta.why,meta.peak"
    ran = run(f"{BARS} | hq-signal --signals {BREAKOUT} | hq-export csv --time ns --columns {columns}")
    lines = [line.split(",")[-4:] for line in ran.text.splitlines()[1:]]
    start = 1_704_067_260_000_000_000
    found = [((int(ts) - start) // 60_000_000_000, action, why, peak) for ts, action, why, peak in lines]
    assert found == wanted


def test_an_exception_is_one_line_and_the_strategy_s_own_traceback(run: Any, folder: Path) -> None:
    written(folder, "if row.close < 29996:\n    return helped(row)", head="def helped(row):\n    return row.close / 0")
    ran = run(f"{BARS} | hq-signal --python s.py:Own | hq-export csv --columns ts,close")
    assert ran.code == 65
    first, *below, last, reader = ran.stderr.splitlines()
    assert first == (f"hq-signal: {folder}/s.py, line 2: ZeroDivisionError: float division by zero; correct it there")
    assert [line for line in below if "File" in line] == [
        f'  File "{folder}/s.py", line 7, in next',
        f'  File "{folder}/s.py", line 2, in helped',
    ]
    assert last == "ZeroDivisionError: float division by zero"
    assert "its writer died" in reader or "ended without" in reader, reader
    rows = [line.split(",") for line in ran.text.splitlines()[1:]]
    assert rows
    assert all(float(close) >= 29996 for *_, close in rows)


ENDS = {
    "exit": ("raise SystemExit(3)", "SystemExit: 3"),
    "interrupt": ("raise KeyboardInterrupt", "KeyboardInterrupt"),
    "our own words": ("raise hq_core.HqError('mine', 70)", "next at 2024-01-01T00:01:00Z: mine"),
    "memory": ("raise MemoryError('mine')", "MemoryError: mine"),
    "recursion": ("return self.next(row)", "RecursionError"),
}


@pytest.mark.parametrize("name", ENDS)
def test_whatever_it_raises_is_its_own(run: Any, folder: Path, name: str) -> None:
    body, words = ENDS[name]
    written(folder, body, head="import hq_core")
    ran = run(f"{BARS} | {OWN} > /dev/null")
    assert ran.code == 65, ran.stderr
    assert words in ran.stderr.splitlines()[0]


def test_next_of_another_form_is_called_once(run: Any, folder: Path) -> None:
    (folder / "s.py").write_text("class Own:\n    def next(self):\n        print('called')\n")
    ran = run(f"{BARS} | {OWN} > /dev/null")
    assert ran.code == 65
    assert "TypeError: Own.next() takes 1 positional argument but 2 were given" in ran.stderr
    (folder / "s.py").write_text(
        "class Own:\n    def next(self, row):\n        print('called')\n        raise TypeError('next() takes 1')\n"
    )
    ran = run(f"{BARS} | {OWN} > /dev/null")
    assert (ran.code, ran.stderr.count("called\n")) == (65, 1)


FILES = {
    "no class said": ("s.py", 2, "--python: 's.py', must be FILE:CLASS, such as strategy.py:MyStrategy"),
    "no file": ("t.py:Own", 66, "t.py: No such file or directory"),
    "a folder": ("d.py:Own", 66, "d.py: is no file"),
    "no class": ("s.py:Onw", 65, "s.py: has no class 'Onw'; did you mean Own?"),
    "no class near": ("s.py:Zebra", 65, "s.py: has no class 'Zebra'; it has Own"),
    "not Python's": ("s.hq:Own", 2, "must be FILE:CLASS"),
    "wrong text": ("wrong.py:Own", 65, "wrong.py, line 1: SyntaxError"),
    "fails to load": ("fails.py:Own", 65, "fails.py, line 1: ZeroDivisionError: division by zero; correct it there"),
}


@pytest.mark.parametrize("name", FILES)
def test_what_cannot_be_loaded(run: Any, folder: Path, name: str) -> None:
    given, code, words = FILES[name]
    written(folder, "return None")
    (folder / "d.py").mkdir()
    (folder / "wrong.py").write_text("def next(:\n")
    (folder / "fails.py").write_text("1 / 0\n")
    ran = run(f"{BARS} | hq-signal --python {given}")
    assert (ran.code, ran.stdout) == (code, b""), ran.stderr
    assert words in ran.stderr


def test_a_file_that_others_may_write_is_not_run(run: Any, folder: Path) -> None:
    written(folder, "return None", head="print('it ran')")
    (folder / "s.py").chmod(0o666)
    ran = run(f"{BARS} | {OWN}")
    assert (ran.code, ran.stdout) == (78, b"")
    assert ran.stderr == (
        f"hq-signal: --python: others may write {folder}/s.py (chmod go-w); what lies there would run as you\n"
    )
    (folder / "s.py").chmod(0o644)
    folder.chmod(0o777)
    ran = run(f"{BARS} | {OWN}")
    folder.chmod(0o700)
    assert ran.code == 78
    assert "it ran" not in ran.stderr


def test_files_beside_it_are_its_own_and_nobody_else_s(run: Any, folder: Path) -> None:
    """No module comes from the current folder, none shadows an installed one, no bytecode is written."""
    there = folder / "there"
    there.mkdir(mode=0o755)
    (there / "shared.py").write_text("LIMIT = 29990\n")
    (there / "json.py").write_text("raise RuntimeError('shadowed')\n")
    (folder / "statistics.py").write_text("raise RuntimeError('from the current folder')\n")
    written(
        there, "return 'BUY' if row.close < LIMIT else None", head="import json, statistics\nfrom .shared import LIMIT"
    )
    ran = run(f"{BARS} | hq-signal --signals --python there/s.py:Own | hq-export csv")
    assert ran.code == 0, ran.stderr
    assert ran.text.count("\n") > 10
    assert sorted(path.name for path in there.iterdir()) == ["json.py", "s.py", "shared.py"]
    written(there, "return None", head="import shared")
    ran = run(f"{BARS} | hq-signal --signals --python there/s.py:Own")
    assert ran.code == 65
    assert "write 'from . import shared'" in ran.stderr


def test_what_it_prints_does_not_come_into_the_stream(run: Any, folder: Path) -> None:
    body = "print('in next')\nos.write(1, b'below Python ')\nreturn 'BUY'"
    written(folder, body, head="import os\nprint('at the start')")
    ran = run(f"{BARS} | {OWN} 2> said | hq-export csv")
    assert (ran.code, ran.text.count("\n")) == (0, 1001), ran.stderr
    told = (folder / "said").read_text()
    assert told.count("in next\n") == 500
    assert told.count("below Python ") == 500
    assert "at the start\n" in told


def test_the_digest_of_its_files_is_in_the_head(run: Any, folder: Path) -> None:
    (folder / "shared.py").write_text("LIMIT = 1\n")
    written(folder, "return None", head="from .shared import LIMIT")
    shown = "import sys, msgpack; print(list(msgpack.Unpacker(sys.stdin.buffer))[0]['made_by'][-1][3])"
    first = run(f'{BARS} | {OWN} | python3 -c "{shown}"', env={"PYTHONPATH": ""})
    assert "'Own'" in first.text, first.stderr
    assert "'Own shared.py'" in first.text
    (folder / "shared.py").write_text("LIMIT = 2\n")
    assert run(f'{BARS} | {OWN} | python3 -c "{shown}"', env={"PYTHONPATH": ""}).text != first.text


# -- states ----------------------------------------------------------------------------------------------------------
def test_a_run_that_goes_on_gives_the_bytes_of_one(run: Any, folder: Path) -> None:
    run(f"{BARS} | hq-export csv > all.csv")
    run("head -201 all.csv > a.csv; (head -1 all.csv; tail -n +202 all.csv) > b.csv")
    line = f"hq-signal {BREAKOUT} examples/rsi.hq"
    ran = run(f"for f in a b; do {line} --state s.state < $f.csv || exit; done > two.hqf; {line} < all.csv > one.hqf")
    assert ran.code == 0, ran.stderr
    ran = run("hq-diff one.hqf two.hqf")
    assert (ran.code, ran.text) == (0, ""), ran.text
    ran = run(f"{line} -p length=21 --state s.state < b.csv")
    assert ran.code == 78


def test_what_does_not_say_its_state_has_none(run: Any, folder: Path) -> None:
    ran = run(f"{BARS} | hq-signal {MINIMAL} --state s.state")
    assert (ran.code, ran.stdout) == (78, b"")
    assert ran.stderr == (
        "hq-signal: examples/strategies/minimal.py:MyStrategy: has no save and no load, so a run of it cannot go on "
        "from a state; define save(), which gives plain values, and load(saved), or run without a state\n"
    )
    assert not (folder / "s.state").exists()


REMEMBERS = """class Own:
    def on_start(self, ctx):
        print("start")
        self.n = 0

    def next(self, row):
        self.n += 1

    def on_stop(self):
        print("stop", self.n)
        self.n = -1

    def save(self):
        return {"n": self.n, 1: [None, "x", 2.5]}

    def load(self, saved):
        print("load", saved)
        self.n = saved["n"]
"""


def test_the_calls_of_a_run_that_goes_on(run: Any, folder: Path) -> None:
    (folder / "s.py").write_text(REMEMBERS)
    run(f"{BARS} | hq-export csv > all.csv")
    run("head -201 all.csv > a.csv; (head -1 all.csv; tail -n +202 all.csv) > b.csv")
    first = run(f"{OWN} --state s.state < a.csv > /dev/null")
    second = run(f"{OWN} --state s.state < b.csv > /dev/null")
    assert (first.stderr, first.code) == ("start\nstop 200\n", 0)
    assert second.stderr == "start\nload {'n': 200, 1: [None, 'x', 2.5]}\nstop 500\n"


STATES = {
    "no plain value": ("return {1, 2}", "pass", 65, "save: gave what is no plain value"),
    "a number beyond": ("return 1 << 70", "pass", 65, "save: gave what is no plain value"),
    "load fails": ("return 1", "raise ValueError('mine')", 65, "ValueError: mine; correct it there"),
}


@pytest.mark.parametrize("name", STATES)
def test_a_state_that_the_class_cannot_give_or_take(run: Any, folder: Path, name: str) -> None:
    save, load, code, words = STATES[name]
    text = f"class Own:\n    def next(self, row): pass\n    def save(self): {save}\n    def load(self, saved): {load}\n"
    (folder / "s.py").write_text(text)
    first = run(f"{BARS} | {OWN} --state s.state > /dev/null")
    ran = first if first.code else run(f"{BARS} --start 2024-02-01 | {OWN} --state s.state > /dev/null")
    assert ran.code == code, ran.stderr
    assert words in ran.stderr.splitlines()[0]


def test_a_state_of_another_text_is_refused(run: Any, folder: Path) -> None:
    (folder / "s.py").write_text(REMEMBERS)
    run(f"{BARS} | {OWN} --state s.state > /dev/null")
    (folder / "s.py").write_text(REMEMBERS + "\n")
    ran = run(f"{BARS} --start 2024-02-01 | {OWN} --state s.state > /dev/null")
    assert ran.code == 78
    assert "Own" in ran.stderr


# -- beside all else --------------------------------------------------------------------------------------------------
def test_a_panel_is_its_symbols(run: Any, folder: Path) -> None:
    for seed, symbol in ((1, "AAA"), (2, "BBB"), (3, "CCC")):
        run(f"hq-gen bars --rows {300 * seed} --seed {seed} --symbol {symbol} > {symbol}.hqf")
    for options in (BREAKOUT, f"{BREAKOUT} {MINIMAL}", f"{BREAKOUT} examples/rsi.hq"):
        alone = " ".join(f"<(hq-signal {options} < {symbol}.hqf)" for symbol in ("AAA", "BBB", "CCC"))
        ran = run(f"hq-diff <(hq-merge AAA.hqf BBB.hqf CCC.hqf | hq-signal {options}) <(hq-merge {alone})")
        assert (ran.code, ran.text, ran.stderr) == (0, "", ""), options


def test_another_symbol_is_read_by_what_the_class_declares(run: Any, folder: Path) -> None:
    """Row by row the value that the language reads."""
    (folder / "s.py").write_text(
        "class Own:\n    indicators = ('sma:3(close@BBB)', 'ema:5(close@1h)')\n    meta = {'a': float, 'b': float}\n"
        "    def next(self, row):\n"
        "        return {'action': 'BUY', 'meta': {'a': row['sma_3_close@BBB'], 'b': row['ema_5_close@1h']}}\n"
    )
    (folder / "Own.hq").write_text("IF close > 0 THEN BUY(META(a=SMA(close, 3)@BBB, b=EMA(close, 5)@1h))\n")
    run("hq-gen trades --rows 40000 --seed 1 --symbol AAA | hq-aggregate 1m:1h > AAA.hqf")
    run("hq-gen bars --rows 400 --seed 2 --symbol BBB > BBB.hqf")
    for name in ("--python s.py:Own", "Own.hq"):
        ran = run(f"hq-merge --series AAA.hqf BBB.hqf | hq-signal --missing warn {name} > {name[-3:]}.out")
        assert ran.code == 0, ran.stderr
    ran = run("hq-diff Own.out .hq.out")
    assert (ran.code, ran.text) == (0, ""), ran.text


def test_check_columns_and_sample(run: Any, folder: Path) -> None:
    line = f"hq-signal --check {BREAKOUT}"
    assert run(line) == (b"", "", 0)
    ran = run(f"{line} --columns open,close")
    assert ran.code == 65
    assert "high" in ran.stderr
    run(f"{BARS} > b.hqf")
    assert run(f"{line} --sample b.hqf").code == 0
    written(folder, "return row.rsi_14")
    assert run("hq-signal --check --python s.py:Own").code == 0
    ran = run("hq-signal --check --sample b.hqf --python s.py:Own")
    assert ran.code == 65
    assert "the row has no column 'rsi_14'" in ran.stderr


def test_params_of_the_command_line(run: Any, folder: Path) -> None:
    listed = json.loads(run(f"hq-signal --list-params {BREAKOUT}").text)
    assert [(one["strategy"], one["name"], one["default"]) for one in listed] == [
        ("Breakout", "length", 20),
        ("Breakout", "give_back", 2.5),
    ]
    few, many = (run(f"{BARS} | hq-signal --signals {BREAKOUT} -p length={n} | hq-export csv") for n in (60, 5))
    assert 0 < few.text.count("\n") < many.text.count("\n")
    ran = run(f"hq-signal --check {BREAKOUT} -p lenght=5")
    assert ran.code == 2
    assert "unknown parameter 'lenght'; did you mean length?" in ran.stderr


def test_an_order_at_a_limit_rests_in_the_account(run: Any, folder: Path) -> None:
    text = "class Own:\n    orders = ('limit',)\n    def next(self, row):\n"
    text += "        return {'action': 'OPEN_LONG', 'type': 'limit', 'price': row.low, 'size': 0.01}\n"
    (folder / "s.py").write_text(text)
    ran = run(f"{BARS} | hq-signal --python s.py:Own | hq-backtest | hq-export csv --kind fill")
    assert (ran.code, ran.text.count("maker,limit") > 0) == (0, True), ran.stderr


def test_usage(run: Any, folder: Path) -> None:
    for line, words in (
        ("hq-signal --check", "name a strategy: STRATEGY.hq, or --python FILE:CLASS"),
        (f"hq-signal --format {MINIMAL}", "--format is for strategies of the language"),
        (f"hq-signal --check {MINIMAL} {MINIMAL}", "two strategies are called 'MyStrategy'"),
    ):
        ran = run(line)
        assert ran.code in (2, 65)
        assert words in ran.stderr, line


def test_the_examples_say_why() -> None:
    for file in sorted((ROOT / "examples" / "strategies").glob("*.py")):
        assert file.read_text().startswith('"""'), file.name
