"""hq-factors in the shell: panels, states, factors of one's own, and strategies behind it."""

from __future__ import annotations

import os
import subprocess

import pytest
from places import ROOT

FEW = "hq-factors --tick 0.1 mid"
SEVERAL = f"{FEW} imbalance:3 tfi:10s,least=1 markout:1s"
RULES = "IF imb > 0.2 THEN OPEN_LONG(META(imb=imb))\nIF imb < -0.2 THEN CLOSE_LONG\n"


@pytest.fixture(scope="module", name="books")
def two_symbols(tmp_path_factory, command_env):
    folder = tmp_path_factory.mktemp("books")
    for seed, symbol in ((1, "AAA"), (2, "BBB")):
        made = f"hq-gen books --rows 1500 --seed {seed} --symbol {symbol} > {symbol}.hqf"
        line = f"{made}; hq-export csv < {symbol}.hqf > {symbol}.csv"
        subprocess.run(["bash", "-c", line], cwd=folder, env=command_env, check=True)
    (folder / "s.hq").write_text(RULES)
    (folder / "b.hq").write_text("IF close > 0 THEN OPEN_LONG\n")
    return folder


@pytest.fixture(name="sh")
def shell(run, books):
    """Runs lines, one after the other, in the folder of the books."""
    return lambda *lines: run("\n".join(lines), cwd=books)


def columns(text: str, *which: int) -> list[tuple[str, ...]]:
    rows = [line.split(",") for line in text.split()[1:]]
    return [tuple(row[at] for at in which) for row in rows]


def test_a_panel_s_factors_are_those_of_its_symbols(sh):
    ran = sh(
        f"hq-merge <({SEVERAL} < AAA.hqf) <({SEVERAL} < BBB.hqf) > apart.hqf",
        f"hq-merge AAA.hqf BBB.hqf | {SEVERAL} | hq-diff apart.hqf -",
    )
    assert ran.code == 0, ran.stderr


def test_a_clock_over_a_panel_ticks_for_each_symbol(sh):
    clock = f"{SEVERAL} --trigger every:500ms"
    ran = sh(
        f"hq-merge <({clock} < AAA.hqf) <({clock} < BBB.hqf) | hq-export csv > both.csv; wc -l < both.csv",
        f"hq-merge AAA.hqf BBB.hqf | {clock} | hq-export csv | diff both.csv -",
    )
    rows = [line for line in ran.text.splitlines()[1:] if line[:1] in "<>"]
    assert int(ran.text.split()[0]) > 20
    assert len(rows) <= 2, rows  # rows of one symbol are marks for the other, whose last ones may come besides


@pytest.mark.parametrize(
    "more", ["", "--long", "--trigger every:300ms", "--min-interval 1s --warmup 2s", "--expr 'a = mid[3] - mid'"]
)
def test_a_run_goes_on_from_its_state(sh, more):
    ran = sh(
        "head -700 AAA.csv | hq-import > one.hqf; rm -f s",
        "(head -1 AAA.csv; tail -n +701 AAA.csv) | hq-import > two.hqf",
        f"{SEVERAL} {more} < AAA.hqf > whole.hqf",
        f"{SEVERAL} {more} --state s < one.hqf > parts.hqf; {SEVERAL} {more} --state s < two.hqf >> parts.hqf",
        "hq-diff whole.hqf parts.hqf",
    )
    assert (ran.code, ran.stderr) == (0, ""), ran.stderr


@pytest.mark.parametrize("other", [FEW, f"{FEW.replace('0.1', '0.2')} spread", f"{FEW} spread --warmup 1s"])
def test_a_state_of_other_factors_or_steps_is_refused(sh, other):
    ran = sh("rm -f s", f"{FEW} spread --state s < AAA.hqf > /dev/null", f"{other} --state s < AAA.hqf")
    assert ran.code == 78, ran.stderr
    assert ran.stderr.count("\n") == 1


def test_the_first_snapshot_tells_the_tick(sh):
    ran = sh("hq-factors mid < AAA.hqf > told.hqf", f"{FEW} < AAA.hqf | hq-diff told.hqf - | tail -1")
    assert "the tick is 0.1, as the first snapshot has it" in ran.stderr


def test_the_input_stays_where_it_is_kept(sh):
    kept = f"{FEW} --keep-input < AAA.hqf | hq-export csv --kind book"
    ran = sh(f"{kept} | diff - <(hq-export csv < AAA.hqf)")
    assert (ran.code, ran.text) == (0, ""), ran.stderr


def test_factors_that_come_in_are_not_written_twice(sh):
    ran = sh(f"{FEW} --keep-input < AAA.hqf | {FEW}")
    assert ran.code == 65
    assert "factor/AAA/ comes in, and would be written of book/AAA/ too" in ran.stderr


@pytest.mark.parametrize("how", ["HQ_PATH=plugin hq-factors", "hq-factors --plugin plugin/lean.py"])
def test_a_factor_of_one_s_own(sh, books, how):
    plugin = books / "plugin"
    plugin.mkdir(mode=0o755, exist_ok=True)
    for path in (ROOT / "examples" / "plugin").glob("*.py"):
        (plugin / path.name).write_bytes(path.read_bytes())
        os.chmod(plugin / path.name, 0o644)
    ran = sh(f"{how} --tick 0.1 --trigger trade lean:3 'side=lean:1' < AAA.hqf | hq-export csv --columns lean_3,side")
    assert ran.code == 0, ran.stderr
    rows = columns(ran.text, -2, -1)
    sides = [float(side) for _, side in rows]
    wanted = [sum(sides[i - 2 : i + 1]) / 3 for i in range(2, len(sides))]
    assert [float(lean) for lean, _ in rows[2:]] == pytest.approx(wanted)


def test_a_folder_holds_indicators_and_factors(sh):
    factors = sh(f"HQ_PATH={ROOT}/examples/plugin hq-factors --list | tail -2").text
    assert factors.startswith("lean")
    assert "mine" not in factors
    assert "lean" not in sh(f"HQ_PATH={ROOT}/examples/plugin hq-indicators --list").text


@pytest.mark.parametrize(("name", "code"), [("mid.py", 2), ("nothing.py", 66), ("No.py", 2)])
def test_a_file_that_is_no_factor_of_one_s_own(sh, books, name, code):
    (books / "mid.py").write_text("")
    assert sh(f"hq-factors --plugin {name} --tick 0.1 mid < AAA.hqf").code == code


def test_a_strategy_runs_on_factors(sh):
    made = f"{FEW} --trigger trade imb=imbalance:3"
    orders = sh(f"{made} < AAA.hqf | hq-signal s.hq | hq-export csv --kind order --columns ts,meta.imb")
    rows = columns(sh(f"{made} < AAA.hqf | hq-export csv --columns ts,imb").text, -2, -1)
    wanted = [(ts, imb if float(imb) > 0.2 else "") for ts, imb in rows if imb and abs(float(imb)) > 0.2]
    assert len(wanted) > 20
    assert columns(orders.text, -2, -1) == wanted


def test_a_strategy_runs_on_a_panel_of_factors(sh):
    made = f"{FEW} --trigger trade imb=imbalance:3"
    ran = sh(
        f"hq-merge AAA.hqf BBB.hqf | {made} | hq-signal s.hq > panel.hqf",
        f"hq-merge <({made} < AAA.hqf | hq-signal s.hq) <({made} < BBB.hqf | hq-signal s.hq) | hq-diff panel.hqf -",
    )
    assert (ran.code, ran.stderr) == (0, ""), ran.stderr


def test_bars_come_first_for_a_strategy(sh):
    orders = "hq-export csv --kind order | wc -l"
    sh(f"{FEW} < AAA.hqf > f.hqf", "hq-gen bars --rows 3 --seed 1 --symbol AAA > b.hqf")
    for line in ("hq-merge f.hqf b.hqf | hq-signal b.hq", "cat f.hqf b.hqf | hq-signal --period 1m b.hq"):
        ran = sh(f"{line} | {orders}")
        assert (ran.code, ran.text.strip()) == (0, "4"), ran.stderr
    late = sh("sed s/imb/mid/g s.hq > m.hq; cat f.hqf b.hqf | hq-signal m.hq > /dev/null")
    assert late.code == 65
    assert "comes after rows of factors were taken for what strategies run on" in late.stderr
    long = sh(f"{FEW} --long < AAA.hqf | hq-signal b.hq > /dev/null")
    assert "has a row for each factor" in long.stderr


def test_two_books_against_each_other(sh, books):
    (books / "dev.hq").write_text("dev = (mid / mid@BBB - 1.5) / 1.5\nIF dev > 9 THEN BUY\n")
    clock = f"{FEW} --trigger every:200ms"
    made = f"hq-merge AAA.hqf BBB.hqf | {clock} > both.hqf"
    ran = sh(
        made,
        "hq-signal --keep dev dev.hq < both.hqf | hq-export csv --kind factor --symbol AAA --time ns --columns ts,dev",
    )
    each = [
        dict(columns(sh(f"{clock} < {one}.hqf | hq-export csv --time ns --columns ts,mid").text, -2, -1))
        for one in ("AAA", "BBB")
    ]
    found = dict(columns(ran.text, 0, -1))
    assert len(found) > 100
    for ts, dev in found.items():
        known = [mid for when, mid in each[1].items() if int(when) <= int(ts)]
        assert float(dev) == pytest.approx((float(each[0][ts]) / float(known[-1]) - 1.5) / 1.5, rel=1e-12)
