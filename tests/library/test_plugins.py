"""Indicators of the user's own: found, listed, computed, tested, and refused where they must be."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from places import ROOT
from plugin_files import HEAD, declared

from hq_core import conformance
from hq_core.conformance import checks, memory, routes, words
from hq_core.plugins import installed as installed_packages

EXAMPLE = ROOT / "examples" / "plugin"
BARS = "hq-gen bars --rows 100 --seed 1"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the example that only this user may write, wherever the checkout lies."""
    made = tmp_path / "plugin"
    shutil.copytree(EXAMPLE, made, ignore=shutil.ignore_patterns("__pycache__", "build", "*.egg-info"))
    for path in (tmp_path, made, *made.iterdir()):
        path.chmod(0o700)
    return made


def drawdowns(closes: list[float], period: int) -> list[float]:
    """The example's indicator by its definition."""
    return [close / max(closes[i - period + 1 : i + 1]) - 1.0 for i, close in enumerate(closes) if i >= period - 1]


# -- found, listed, computed ---------------------------------------------------------------------------------
def test_a_file_in_a_folder_of_hq_path_is_an_indicator(run, folder):
    listed = run("HQ_PATH=plugin hq-indicators --list | grep -A1 mine")
    assert listed.text.splitlines() == [
        "mine                 Trailing Drawdown  period=20",
        f"                       yours: {folder}/mine.py",
    ]
    table = run(f"{BARS} | HQ_PATH=plugin hq-indicators mine:5 | hq-export csv --columns close,mine_5")
    assert table.code == 0, table.stderr
    rows = [line.split(",")[-2:] for line in table.text.splitlines()[1:]]
    closes, found = [float(close) for close, _ in rows], [value for _, value in rows]
    assert set(found[:4]) == {""}
    assert [float(value) for value in found[4:]] == drawdowns(closes, 5)


def test_it_is_shown_in_full_and_as_data(run, folder):
    assert f"\n  yours     {folder}/mine.py\n" in run("HQ_PATH=plugin hq-indicators --list mine").text
    (one,) = json.loads(run("HQ_PATH=plugin hq-indicators --list MINE --json").text)
    assert (one["name"], one["from"], one["oracle"], one["warmup"]) == ("mine", f"{folder}/mine.py", None, 19)
    every = json.loads(run("HQ_PATH=plugin hq-indicators --list --json").text)
    assert [one["name"] for one in every if "from" in one] == ["mine"]
    assert every[-1].keys() - every[0].keys() == {"from"}


def test_a_strategy_and_brackets_and_a_library_reach_it(run, folder):
    (folder.parent / "s.hq").write_text("a = MINE(close, 5)\nIF a < -0.001 THEN BUY\n")
    signal = run(f"{BARS} | HQ_PATH=plugin hq-signal --keep a s.hq | hq-export csv --columns a")
    alone = run(f"{BARS} | HQ_PATH=plugin hq-indicators mine:5 | hq-export csv --columns mine_5")
    assert signal.code == 0, signal.stderr
    assert signal.text.splitlines()[1:] == alone.text.splitlines()[1:]
    within = run(f"{BARS} | HQ_PATH=plugin hq-indicators 'sma:3(mine)' 'sma:3(mine:20)' | hq-export csv")
    assert "sma_3_mine_20" in within.text, within.stderr
    code = """
from hq_core import HQuant, Live
live = Live("mine:5")
print([live.push(close)[0] for close in (1.0, 2.0, 3.0, 4.0, 2.0)][-1], live.inputs, live.columns)
hq = HQuant(capacity=10)
line = hq.add_indicator("mine:2")
for i, close in enumerate((4.0, 2.0, 3.0)):
    hq.push_kline({"ts": i, "open": close, "high": close, "low": close, "close": close})
print(line[-2], line[-1])
"""
    done = run(f"HQ_PATH=plugin {sys.executable} -P -c '{code}'")
    assert done.text == "-0.5 ('close',) ['mine_5']\n-0.5 0.0\n", done.stderr


def test_a_column_of_the_same_name_comes_first(run, folder):
    line = f"{BARS} | HQ_PATH=plugin hq-indicators mine:5 | hq-export csv | sed '1s/mine_5/mine/' | hq-import"
    found = run(f"{line} | HQ_PATH=plugin hq-indicators 'sum:2(mine)' | hq-export csv | head -1")
    assert found.text.strip().endswith(",sum_2_mine"), found.stderr


def test_hq_s_own_names_look_nowhere(run, folder):
    (folder / "mine.py").write_text("raise SystemExit('never')\n")
    fine = run(f"{BARS} | HQ_PATH=plugin:missing hq-indicators rsi:14 'ema:5(volume)' | hq-export csv | tail -1")
    assert (fine.code, fine.stderr) == (0, "")
    code = "import sys; from hq_core import Live; Live('rsi:14', 'ema:5(volume)'); "
    code += "print([m for m in sys.modules if 'plugins' in m or m == 'importlib.metadata'])"
    assert run(f'HQ_PATH=plugin {sys.executable} -P -c "{code}"').text == "[]\n"


def test_folders_are_searched_in_their_order_and_the_current_one_never_unless_named(run, folder):
    other = folder.parent / "other"
    other.mkdir(mode=0o700)
    (other / "mine.py").write_text(declared("mine", "out[i] = 42.0"))
    (folder.parent / "here.py").write_text(declared("here", "out[i] = 43.0"))
    tail = "hq-export csv | tail -1"
    assert run(f"{BARS} | HQ_PATH=other:plugin hq-indicators mine:5 | {tail}").text.strip().endswith(",42.0")
    assert not run(f"{BARS} | HQ_PATH=plugin:other hq-indicators mine:5 | {tail}").text.strip().endswith(",42.0")
    assert run(f"{BARS} | HQ_PATH=.: hq-indicators here | {tail}").text.strip().endswith(",43.0")
    for path in ("", ":", "plugin:", ":plugin"):
        missing = run(f"{BARS} | HQ_PATH={path} hq-indicators here")
        assert (missing.code, "unknown indicator 'here'" in missing.stderr) == (2, True)
    assert run("HQ_PATH=plug hq-indicators mine").code == 66


def test_files_share_what_begins_with_an_underscore(run, folder):
    (folder / "_steps.py").write_text(HEAD + "STEP = 2.0\n@inline\ndef step(x): return x * STEP\n")
    (folder / "twice.py").write_text(declared("twice", "out[i] = step(close[i])", head="from ._steps import step\n"))
    line = f"{BARS} | HQ_PATH=plugin hq-indicators twice | hq-export csv --columns close,twice_5 | tail -1"
    close, value = map(float, run(line).text.split(",")[-2:])
    assert value == 2.0 * close
    (folder / "_steps.py").write_text((folder / "_steps.py").read_text().replace("2.0", "3.0"))
    close, value = map(float, run(line).text.split(",")[-2:])
    assert value == 3.0 * close  # what was compiled before is another kernel
    assert not list(folder.rglob("__pycache__"))


# -- refused -------------------------------------------------------------------------------------------------
def shadowed(folder: Path, name: str = "rsi") -> str:
    return f"hq-indicators: {folder}/{name}.py is not used: hq has {name}; give yours another name\n"


@pytest.mark.parametrize("words", ["mine:5", "mine:5 rsi:3", "'sma:2(mine:4)'", "rsi:3", "'sma:2(rsi:3)'", "rsi mine"])
def test_a_name_that_hq_has_is_hq_s_and_the_folder_s_others_work(run, folder, words):
    line = f"{BARS} | HQ_PATH=plugin hq-indicators {words} | hq-export csv"
    want = run(line)
    (folder / "rsi.py").write_text("raise SystemExit('never')\n")
    found = run(line)
    assert (found.code, found.text) == (0, want.text)
    assert (found.stderr.count("rsi.py"), shadowed(folder) in found.stderr) == (1, True), found.stderr
    assert run(line.replace("hq-indicators", "hq-indicators -q")).stderr == ""


def test_a_name_that_hq_has_is_told_of_in_a_strategy_and_nowhere_else(run, folder):
    (folder / "ema.py").write_text("x = (")
    (folder.parent / "s.hq").write_text("IF MINE(close) < EMA(close, 3) THEN BUY\n")
    told = run(f"{BARS} | HQ_PATH=plugin hq-signal s.hq > /dev/null")
    assert (told.code, told.stderr) == (0, shadowed(folder, "ema").replace("indicators", "signal", 1))
    assert run(f"{BARS} | HQ_PATH=plugin hq-indicators rsi:3 > /dev/null").stderr == ""


@pytest.mark.parametrize("words", ["--list", "--list mine", "--list rsi", "--list --json"])
def test_a_list_tells_of_a_name_that_hq_has(run, folder, words):
    want = run(f"HQ_PATH=plugin hq-indicators {words}")
    (folder / "rsi.py").write_text("")
    found = run(f"HQ_PATH=plugin hq-indicators {words}")
    assert (found.code, found.text, found.stderr) == (0, want.text, shadowed(folder))


def test_a_name_that_hq_has_does_not_open_a_folder_that_others_may_write(run, folder):
    (folder / "rsi.py").write_text("")
    folder.chmod(0o777)
    found = run(f"HQ_PATH={folder} hq-indicators mine:5 < /dev/null", cwd="/")
    assert (found.code, "others may write" in found.stderr) == (78, True), found.stderr


@pytest.mark.parametrize("what", ["folder", "file", "above", "link"])
def test_what_others_may_write_is_refused(run, folder, what):
    if what == "link":
        open_folder = folder.parent / "open"
        open_folder.mkdir()
        (folder / "mine.py").rename(open_folder / "mine.py")
        (folder / "mine.py").symlink_to(open_folder / "mine.py")
        open_folder.chmod(0o777)
    else:
        {"folder": folder, "file": folder / "mine.py", "above": folder.parent}[what].chmod(0o777)
    found = run(f"HQ_PATH={folder} hq-indicators mine:5 < /dev/null", cwd="/")
    assert (found.code, "others may write" in found.stderr) == (78, True), found.stderr


BROKEN = {
    "no text of Python": ("def mine(:", "line 1: SyntaxError"),
    "a missing module": ("import not_there", "line 1: ModuleNotFoundError"),
    "a sibling without its dot": ("import _steps", "write 'from . import _steps'"),
    "nothing of its name": ("x = 1", "declares no mine"),
    "an exit": ("raise SystemExit(0)", "line 1: SystemExit"),
    "other arguments": (declared("mine", "pass", args="close: F8, more: F8"), "the kernel takes"),
    "another name": (declared("other", "pass"), "must live in a file of its name"),
    "a rule that fails": (
        declared("mine", "out[i] = 1.0", warmup="lambda period: 1 // (period - 5)"),
        "line 5: ZeroDivisionError",
    ),
    "an array in a kernel": (
        declared("mine", "out[i] = T[0]", head="import array; T = array.array('d', [1.0])"),
        "kernel mine: T cannot be used here; a kernel sees numbers",
    ),
    "an exception in a kernel": (declared("mine", "raise ValueError"), "raises or asserts"),
    "types that do not fit": (declared("mine", "out[i] = close[i] + 'x'"), "line 8: kernel mine: No implementation"),
}


@pytest.mark.parametrize("flaw", BROKEN)
def test_a_broken_one_is_65_with_its_file_and_line(run, folder, flaw):
    text, wanted = BROKEN[flaw]
    (folder / "_steps.py").write_text("")
    (folder / "mine.py").write_text(text)
    found = run(f"{BARS} | HQ_PATH=plugin hq-indicators mine")
    first = found.stderr.splitlines()[0]
    assert (found.code, f"{folder}/" in first, wanted in first) == (65, True, True), found.stderr
    assert "bug in hq" not in found.stderr
    strategy = folder.parent / "s.hq"
    strategy.write_text("IF MINE(close) < 1 THEN BUY\n")
    assert run(f"{BARS} | HQ_PATH=plugin hq-signal s.hq").code == 65


TWICE = "@inline\ndef twice(x: float) -> float:\n    y = x\n    return y * factr\n"
FAULTY = {  # what does not compile, and what is said of it
    "a name": ({"body": "out[i] = closee[i]"}, "name 'closee' is not defined; did you mean close?"),
    "a name that nothing is near": ({"body": "out[i] = 1.0 * qqq"}, "name 'qqq' is not defined"),
    "a name of a helper": ({"body": "out[i] = twice(close[i])", "head": TWICE}, "name 'factr' is not defined"),
    "a module": ({"body": "out[i] = cmath.pi", "head": "import cmath"}, "cmath cannot be used here; a kernel sees"),
    "a name of a module": ({"body": "out[i] = math.sqroot(2.0)", "head": "import math"}, "no attribute 'sqroot'"),
    "types": ({"body": "out[i] = close[i] + 'x'"}, "No implementation of function"),
    "their signature": ({"body": "out[i] = close[i] + 'x'"}, "add(float64, Literal[str](x))"),
    "a call": ({"body": "out[i] = close(i)"}, "Invalid use of array(float64"),
    "a column's attribute": ({"body": "out[i] = close[i].foo"}, "Unknown attribute 'foo'"),
}


@pytest.mark.parametrize("flaw", FAULTY)
def test_what_does_not_compile_is_one_line_and_debug_adds_what_the_compiler_said(run, folder, flaw):
    said, wanted = FAULTY[flaw]
    (folder / "mine.py").write_text(declared("mine", **said))
    lines = (folder / "mine.py").read_text().splitlines()
    faulty = 1 + next(
        i for i, line in enumerate(lines) if ("factr" if flaw == "a name of a helper" else said["body"]) in line
    )
    found = run(f"{BARS} | HQ_PATH=plugin hq-indicators mine > /dev/null")
    assert found.code == 65
    assert len(found.stderr.splitlines()) == 1, found.stderr
    assert found.stderr.startswith(f"hq-indicators: {folder}/mine.py, line {faulty}: kernel mine: ")
    assert wanted in found.stderr
    debug = run(f"{BARS} | HQ_PATH=plugin hq-indicators mine --debug > /dev/null")
    assert debug.stderr.startswith(found.stderr)
    assert "Traceback" in debug.stderr


def test_a_broken_one_does_not_hide_the_others_of_a_list(run, folder):
    (folder / "aside.py").write_text("x = (")
    found = run("HQ_PATH=plugin hq-indicators --list")
    assert (found.code, "aside.py, line 1" in found.stderr) == (65, True)
    assert "\nmine " in found.text


def test_a_name_of_hq_s_is_not_tested_in_place_of_the_user_s(run, folder):
    (folder / "rsi.py").write_text("raise SystemExit('never')\n")
    tested = run("HQ_PATH=plugin hq-indicators --test rsi")
    assert (tested.code, tested.text) == (78, "")
    assert f"{folder}/rsi.py: is not used, as hq has rsi, so there is nothing to test" in tested.stderr
    mine = run("HQ_PATH=plugin hq-indicators --test mine")
    assert (mine.code, mine.stderr) == (0, shadowed(folder))
    assert run("hq-indicators --test rsi").code == 0  # hq's own, where nobody else has one


def test_a_state_knows_its_text(run, folder):
    (folder / "s.hq").write_text("IF MINE(close) < 1 THEN BUY\n")
    for command in ("hq-indicators mine", "hq-indicators 'sma:3(mine:4)'", "hq-signal plugin/s.hq"):
        line = f"HQ_PATH=plugin {command} --state a.state > /dev/null"
        assert run(f"{BARS} | {line}").code == 0
        text = (folder / "mine.py").read_text()
        (folder / "mine.py").write_text(text + "# more\n")
        found = run(f"hq-gen bars --rows 10 --seed 2 --start 2025-01-01T00:00Z | {line}")
        assert (found.code, "indicator mine was" in found.stderr) == (78, True), found.stderr
        (folder / "mine.py").write_text(text)
        (folder.parent / "a.state").unlink()


# -- other column types --------------------------------------------------------------------------------------
TYPED = declared(
    "mine",
    "s.sum += trades[i] if whole[i] else 0\n        out[i] = s.sum",
    "trades complete",
    "trades: I8, whole: B1",
    "I8",
    ", state='sum:i8'",
)


WHOLE = "hq-gen trades --rows 60000 --seed 1 | hq-aggregate 1m"  # bars with complete, a truth


def test_whole_numbers_and_truths_go_in_and_out_as_they_are(run, folder):
    (folder / "mine.py").write_text(TYPED)
    (folder / "many.py").write_text(declared("many", "out[i] = trades[i] > 700", "trades", "trades: I8", "B1"))
    specs = "mine many 'wma:1(mine)' 'wma:1(trades)' 'add(many,mine)' 'mine(trades,many)'"
    names = "trades,mine_5,many_5,wma_1_mine_5,wma_1_trades,add_many_5_mine_5,mine_5_trades_many_5"
    found = run(f"{WHOLE} | HQ_PATH=plugin hq-indicators {specs} | hq-export csv --columns {names}")
    assert found.code == 0, found.stderr
    total = above = 0
    for line in found.text.splitlines()[1:]:
        trades, mine, many, same, plain, both, chosen = line.split(",")[-7:]
        total += int(trades)
        above += int(trades) if int(trades) > 700 else 0
        assert (int(mine), float(same), float(plain)) == (total, total, int(trades))
        assert many == ("1" if int(trades) > 700 else "0")
        assert float(both) == total + int(many)
        assert int(chosen) == above
    assert 0 < above < total
    kinds = run(f"{WHOLE} | HQ_PATH=plugin hq-indicators mine many | hq-export jsonl | tail -1")
    assert isinstance(json.loads(kinds.text)["mine_5"], int)


def test_a_strategy_takes_a_truth_for_a_condition_and_a_whole_number_for_a_number(run, folder):
    (folder / "mine.py").write_text(TYPED)
    (folder / "many.py").write_text(declared("many", "out[i] = trades[i] > 700", "trades", "trades: I8", "B1"))
    (folder.parent / "s.hq").write_text("IF MANY(trades) AND MINE() > 3 THEN BUY(size=MINE(), META(n=MINE()))\n")
    bars_ = run(f"{WHOLE} | hq-export csv --columns ts,trades")
    bought = run(f"{WHOLE} | HQ_PATH=plugin hq-signal s.hq | hq-export csv --kind order --columns ts,side,quantity")
    assert bought.code == 0, bought.stderr
    total, wanted = 0, []
    for line in bars_.text.splitlines()[1:]:
        ts, trades = line.split(",")[-2:]
        total += int(trades)
        if int(trades) > 700:
            wanted += [[ts, side, f"{total}.0"] for side in ("short", "long")]
    assert [line.split(",")[-3:] for line in bought.text.splitlines()[1:]] == wanted != []
    told = run(f"{WHOLE} | HQ_PATH=plugin hq-signal --signals s.hq | hq-export jsonl | tail -1")
    last = json.loads(told.text)
    assert last["meta.n"] == last["quantity"] > 700


def test_a_column_of_another_type_than_a_kernel_declares_is_refused(run, folder):
    (folder / "mine.py").write_text(TYPED.replace("'trades complete'", "'close complete'"))
    found = run(f"{BARS} | HQ_PATH=plugin hq-indicators mine")
    assert (found.code, "column 'close' of bar/BTCUSDT/1m is f8; it is read as i8 here" in found.stderr) == (65, True)
    (folder / "mine.py").write_text(TYPED)
    found = run(f"{BARS} | HQ_PATH=plugin hq-indicators 'mine(ema:5,complete)'")
    assert (found.code, "reads a column of i8 here" in found.stderr) == (65, True), found.stderr


def test_a_truth_of_another_period_is_false_in_a_strategy_before_its_first_bar(run, folder):
    (folder / "many.py").write_text(declared("many", "out[i] = trades[i] > 0", "trades", "trades: I8", "B1"))
    text = "m = MANY()@5m\nsame = m == FALSE\nno = NOT m\nIF same AND no THEN BUY\n"
    (folder.parent / "s.hq").write_text(text)
    made = "hq-gen trades --rows 20000 --seed 1 | hq-aggregate 1m:5m"  # the first 5m bar is dropped, and ends 00:10
    signal = f"{made} | HQ_PATH=plugin hq-signal --keep same,no s.hq"
    found = run(f"{signal} | hq-export csv --period 1m --columns ts,same,no")
    assert found.code == 0, found.stderr
    rows = [line.split(",")[-3:] for line in found.text.splitlines()[1:]]
    assert [row[1:] for row in rows] == [["1.0", "1.0"]] * 8 + [["0.0", "0.0"]] * (len(rows) - 8)
    bought = run(f"{signal} | hq-export csv --kind order --columns ts,action,quantity").text.splitlines()[1:]
    opens = [line.split(",")[-3:] for line in bought if ",open," in line]
    assert opens == [[row[0], "open", "inf"] for row in rows[:8]]


def test_forming_rows_and_another_period_leave_typed_columns_whole(run, folder):
    """Parts of a batch are written at the right places whatever a column's width is."""
    (folder / "many.py").write_text(declared("many", "out[i] = trades[i] > 500", "trades", "trades: I8", "B1"))
    made = "hq-gen trades --rows 20000 --seed 1 | hq-aggregate 1m:5m --emit updates --partial keep"
    found = run(f"{made} | HQ_PATH=plugin hq-indicators many | hq-export csv --period 1m --columns trades,many_5")
    assert found.code == 0, found.stderr
    for line in found.text.splitlines()[1:]:
        trades, many = line.split(",")[-2:]
        assert many == ("1" if int(trades) > 500 else "0")
    coarse = run(
        f"{made} | HQ_PATH=plugin hq-indicators 'many(trades@5m)' 'wma:1(trades@5m)'"
        " | hq-export csv --period 1m --columns many_5_trades@5m,wma_1_trades@5m"
    )
    assert coarse.code == 0, coarse.stderr
    for line in coarse.text.splitlines()[1:]:
        many, trades = line.split(",")[-2:]
        assert many == ("" if trades == "" else "1.0" if float(trades) > 500 else "0.0")


def test_a_panel_gives_typed_columns_as_its_series_do(run, folder):
    (folder / "mine.py").write_text(TYPED)
    (folder / "many.py").write_text(declared("many", "out[i] = trades[i] > 700", "trades", "trades: I8", "B1"))
    for symbol, seed in (("A", 1), ("B", 2)):
        assert run(f"hq-gen trades --rows 60000 --seed {seed} --symbol {symbol} | hq-aggregate 1m > {symbol}").code == 0
    made = "HQ_PATH=plugin hq-indicators mine many 'wma:1(mine)' 'mine(trades,many)'"
    panel = run(f"hq-merge A B | {made} | hq-export csv")
    series = run(f"hq-merge --series A B | {made} | hq-merge | hq-export csv")
    assert (panel.code, series.code) == (0, 0), panel.stderr + series.stderr
    assert panel.text == series.text
    head, *lines = panel.text.splitlines()
    rows = [dict(zip(head.split(","), line.split(","))) for line in lines]
    assert {(row["symbol"], row["many_5"]) for row in rows} == {(s, truth) for s in "AB" for truth in "01"}
    assert all(row["many_5"] == str(int(int(row["trades"]) > 700)) for row in rows)


def test_live_takes_them_in_their_types(run, folder):
    (folder / "mine.py").write_text(TYPED)
    code = "from hq_core import Live; live = Live('mine', 'wma:1(trades)', 'wma:1'); live.push(1.5, 2**53 + 1, True); "
    code += "print(live.inputs, list(live.push(trades=2, complete=True, close=2.5)))"
    done = run(f'HQ_PATH=plugin {sys.executable} -P -c "{code}"')
    assert done.text == f"('close', 'trades', 'complete') [{float(2**53 + 3)}, 2.0, 2.5]\n", done.stderr


# -- tested --------------------------------------------------------------------------------------------------
def test_the_test_says_ok_for_each_rule(run, folder):
    found = run("HQ_PATH=plugin hq-indicators --test mine")
    assert found.code == 0, found.text
    assert {line[:10] for line in found.text.splitlines()} == {"mine  ok  "}
    assert len(found.text.splitlines()) == len(set(found.text.splitlines())) == RULES


RULES = sum(map(len, (memory.RULES, checks.RULES, checks.WHOLE, words.RULES, routes.RULES)))
WRONG = {  # by a rule that each breaks
    "no index leaves its column": declared("mine", "out[i] = close[i + 1] - close[i]"),
    "no index leaves": declared(
        "mine",
        "ring[s.at] = close[i]; s.at += 1; out[i] = close[i]",
        more=", state='at:i8', ring=lambda period: 900 if period < 99 else 1",
    ),
    "one row at a time": declared("mine", "out[i] = close[i] + (1.0 if i == 0 else 0.0)"),
    "saved and loaded": declared(
        "mine",
        "s.n += 1; out[i] = close[i] + (s.n if s.n > 250 else 0) * len(out) * 0.0"
        " + (1e-9 * len(out) if s.n == 260 else 0.0)",
        more=", state='n:i8'",
    ),
    "nan on the rows of the declared": declared("mine", "out[i] = close[i]", warmup="lambda period: period - 1"),
    "what a nan in the input spoils": declared("mine", "s.sum += close[i]; out[i] = s.sum", more=", state='sum'"),
    "prices of 1e150": declared("mine", "out[i] = close[i] * close[i] * close[i]"),
}


@pytest.mark.parametrize("flaw", WRONG)
def test_the_test_finds(run, folder, flaw):
    (folder / "mine.py").write_text(WRONG[flaw])
    found = run("HQ_PATH=plugin hq-indicators --test mine")
    assert (found.code, found.stderr) == (1, "")
    assert f"mine  FAILED  {flaw}" in found.text


def test_the_test_finds_a_name_that_no_strategy_can_call(run, folder):
    (folder / "cross.py").write_text(declared("cross", "out[i] = close[i]"))
    found = run("HQ_PATH=plugin hq-indicators --test cross")
    assert found.code == 1
    assert "FAILED  strategies can call it by its name: CROSS is a word of its own there" in found.text


def test_hq_s_own_are_tested_by_the_same_rules(run):
    found = run("hq-indicators --test adx")
    assert (found.code, found.text.count("  ok  ")) == (0, RULES), found.text
    assert conformance.tested.__module__ == "hq_core.conformance"
    assert run("hq-indicators --test").code == run("hq-indicators --test nothing").code == 2


# -- packages ------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """The example as pip installs it."""
    at = tmp_path_factory.mktemp("installed")
    shutil.copytree(EXAMPLE, at / "source", ignore=shutil.ignore_patterns("__pycache__", "build", "*.egg-info"))
    pip = [sys.executable, "-m", "pip", "install", "--no-deps", "--no-build-isolation", "--no-index", "-q"]
    done = subprocess.run([*pip, "--target", str(at / "site"), str(at / "source")], capture_output=True, text=True)
    if done.returncode and ("bdist_wheel" in done.stderr + done.stdout or "setuptools" in done.stderr):
        pytest.skip("needs setuptools 70.1 or newer, which makes wheels by itself (pip install 'setuptools>=77')")
    assert done.returncode == 0, done.stderr
    return at / "site"


def test_an_installed_package_is_found_through_its_entry_point(run, command_env, installed, folder):
    env = {"PYTHONPATH": f"{installed}{os.pathsep}{command_env['PYTHONPATH']}"}
    listed = run("hq-indicators --list | grep -A1 ^mine", env=env)
    assert "yours: hq-plugin-example 0.1" in listed.text, listed.stderr
    one = run(f"{BARS} | hq-indicators mine:5 | hq-export csv", env=env)
    assert one.stdout == run(f"{BARS} | HQ_PATH=plugin hq-indicators mine:5 | hq-export csv").stdout
    (folder / "mine.py").write_text(declared("mine", "out[i] = 42.0"))
    first = run(f"{BARS} | HQ_PATH=plugin hq-indicators mine:5 | hq-export csv | tail -1", env=env)
    assert first.text.strip().endswith(",42.0")  # a folder comes before a package


def distribution(at: Path, dist: str, points: str, **files: str) -> None:
    """A package as an installer leaves it."""
    info = at / f"{dist.replace('-', '_')}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {dist}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[hq.indicators]\n{points}\n")
    for name, text in files.items():
        (at / f"{name}.py").write_text(text)


def test_packages_that_are_wrong_say_so(run, command_env, tmp_path):
    env = {"PYTHONPATH": f"{tmp_path / 'site'}{os.pathsep}{command_env['PYTHONPATH']}"}
    distribution(
        tmp_path / "site",
        "one-dist",
        "alpha = alpha:alpha\nown = own:own",
        alpha="import not_there\n",
        own=declared("gamma", "pass"),
    )
    broken = run("hq-indicators alpha < /dev/null", env=env)
    assert (broken.code, "site/alpha.py, line 1: ModuleNotFoundError" in broken.stderr) == (65, True), broken.stderr
    assert run("hq-indicators own < /dev/null", env=env).code == 65
    distribution(tmp_path / "site", "two-dist", "alpha = alpha2:alpha")
    twice = run("hq-indicators alpha < /dev/null", env=env)
    assert twice.code == 78
    assert "one-dist 1.0" in twice.stderr
    assert "two-dist 1.0" in twice.stderr
    shutil.rmtree(tmp_path / "site")
    distribution(
        tmp_path / "site", "three-dist", "rsi = rsi:rsi\nalpha = alpha:alpha", alpha=declared("alpha", "out[i] = 1.0")
    )
    beside = run(f"{BARS} | hq-indicators alpha > /dev/null", env=env)
    assert (beside.code, beside.stderr) == (
        0,
        "hq-indicators: rsi of three-dist 1.0 is not used: hq has rsi; give yours another name\n",
    )


def test_where_no_package_has_indicators_the_list_reads_no_package(monkeypatch, tmp_path):
    code = "import sys; from hq_core import plugins; plugins.names(()); print('importlib.metadata' in sys.modules)"
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "core")}
    assert subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True).stdout == "False\n"
    monkeypatch.setattr(sys, "path", [str(tmp_path), str(tmp_path / "none")])
    assert not installed_packages.any_package()
    (tmp_path / "EGG-INFO").mkdir()
    (tmp_path / "EGG-INFO" / "entry_points.txt").write_text("[hq.indicators]\na = b:c\n")
    assert installed_packages.any_package()
    shutil.rmtree(tmp_path / "EGG-INFO")
    (tmp_path / "site.zip").write_bytes(b"")
    monkeypatch.setattr(sys, "path", [str(tmp_path / "site.zip")])
    assert installed_packages.any_package()  # what is in an archive cannot be told without reading it


def test_what_numba_keeps_of_a_file_is_found_again_from_other_places(run, command_env, folder, installed, tmp_path):
    env = {"HQ_JIT": "numba", "HQ_CACHE": str(tmp_path / "cache")}
    package = env | {"PYTHONPATH": f"{installed}{os.pathsep}{command_env['PYTHONPATH']}"}
    one = f"{BARS} | {{}} hq-indicators mine:5 | hq-export csv"
    first = run(one.format("HQ_PATH=plugin"), env=env)
    assert (first.code, first.stderr.count("No module")) == (0, 0), first.stderr
    (tmp_path / "other").mkdir(mode=0o700)
    for door, where in (("", package), ("HQ_PATH=other:plugin", env), ("HQ_PATH=plugin", env)):
        again = run(one.format(door), env=where)
        assert (again.code, again.stdout) == (0, first.stdout), again.stderr
