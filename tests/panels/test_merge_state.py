"""hq-merge that goes on from a state: any cut of any inputs, any number of runs, killed anywhere: one run's rows."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import frames
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from panel_runs import MINUTE, START, bars, merged, said
from places import ROOT
from state_attacks import attack

from hq_core import statefile
from hq_core.batch import Schema
from hq_core.errors import DATA, HqError
from hq_core.flow import Flow, State
from hq_core.places import opened, resumed
from hq_core.roles import Stage
from hq_core.stages.merge import Merged

FEW = settings(max_examples=int(os.environ.get("HQ_FUZZ", "25")))
SYMBOLS = ("A", "B", "Ä/USDT")
markets = st.fixed_dictionaries(
    {symbol: st.dictionaries(st.integers(0, 20), st.integers(90, 110).map(float), max_size=15) for symbol in SYMBOLS}
)
cuts = st.lists(st.tuples(*(st.integers(0, 21) for _ in SYMBOLS)), max_size=4)


def step(files, state, out, *, series=False, final=False, every=0):
    """One run of hq-merge over files, its output appended."""
    names = tuple(str(file) for file in files)
    kept = State(str(state), every, {"files": list(names), "series": series})
    fds = []
    fd = os.open(out, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    try:
        inputs = resumed(names, 0, kept) if kept.loaded else [opened(name, 0) for name in names]
        fds = [one.fd for one in inputs]
        Flow(Stage(), "hq-merge", [], 0, fd).run(Merged(inputs, series, more=not final), kept)
    finally:
        kept.close()
        for one in (fd, *fds):
            os.close(one)
    return Path(out).read_bytes()


def grown(folder, market, points):
    """The parts of each symbol's file: what it has after each point in time of its own."""
    parts = []
    for at, symbol in enumerate(SYMBOLS):
        ends = sorted(point[at] for point in points)
        edges = [0, *ends, 99]
        parts.append(
            [
                bars(symbol, {bar: close for bar, close in market[symbol].items() if low <= bar < high})
                for low, high in zip(edges, edges[1:])
            ]
        )
    return [folder / f"in{at}" for at in range(len(SYMBOLS))], parts


def append(file, data):
    with open(file, "ab") as to:
        to.write(data)


@pytest.mark.parametrize("series", [False, True])
@FEW
@given(market=markets, points=cuts)
def test_inputs_that_grow_are_one_run(series, market, points, tmp_path_factory):
    folder = tmp_path_factory.mktemp("merge")
    files, parts = grown(folder, market, points)
    for number in range(len(points) + 1):
        for file, part in zip(files, parts):
            append(file, part[number])
        paused = step(files, folder / "s", folder / "out", series=series)
    assert said(paused) == said(step(files, folder / "one", folder / "whole", series=series))
    ended = step(files, folder / "s", folder / "out", series=series, final=True)
    assert said(ended) == said(merged(*(b"".join(part) for part in parts), series=series))


@FEW
@given(market=markets, points=cuts)
def test_panels_that_grow_are_one_run(market, points, tmp_path_factory):
    """Symbols come later, and each section has codes of its own for them."""
    folder = tmp_path_factory.mktemp("merge")
    _, parts = grown(folder, market, [(point[0],) * 3 for point in points])
    whole = b""
    for number in range(len(points) + 1):
        panel = merged(parts[1][number], parts[2][number])
        whole += panel
        append(folder / "panel", panel)
        append(folder / "alone", parts[0][number])
        step([folder / "panel", folder / "alone"], folder / "s", folder / "out")
    ended = step([folder / "panel", folder / "alone"], folder / "s", folder / "out", final=True)
    assert said(ended) == said(merged(whole, b"".join(parts[0])))


@pytest.mark.parametrize("series", [False, True])
@FEW
@given(market=markets, points=cuts, share=st.floats(0, 1), which=st.integers(0, 2), every=st.integers(1, 9))
def test_a_run_that_died_is_taken_up(series, market, points, share, which, every, tmp_path_factory):
    """One input stops at any byte; what was written behind the state is cut off, and then the rest is there."""
    folder = tmp_path_factory.mktemp("merge")
    files, parts = grown(folder, market, points)
    whole = [b"".join(part) for part in parts]
    for at, (file, data) in enumerate(zip(files, whole)):
        file.write_bytes(data[: max(1, int(len(data) * share))] if at == which else data)
    with suppress(HqError):
        step(files, folder / "s", folder / "out", series=series, every=every)
    content = statefile.read(str(folder / "s")) or {"output": {"bytes": 0}}
    os.truncate(folder / "out", content["output"]["bytes"])
    files[which].write_bytes(whole[which])
    step(files, folder / "s", folder / "out", series=series, every=every)
    ended = step(files, folder / "s", folder / "out", series=series, final=True)
    assert said(ended) == said(merged(*whole, series=series))


# -- texts of columns ------------------------------------------------------------------------------------------------
def notes(symbol, rows):
    """A series with texts, whose codes begin anew."""
    schema = Schema("note", symbol, "", (("ts", "i8"), ("who", "s4")))
    words = sorted({who for _, who in rows}, reverse=True)
    told = {"kind": "strings", "of": schema.key, "col": "who", "values": words}
    return frames.frames(told, (schema, [(START + MINUTE * at, words.index(who)) for at, who in rows]))


def who(data):
    """(ts, symbol, text) of all rows, sorted."""
    found = []
    for kind, item in frames.items(data):
        if kind == "rows":
            symbols = item.words("symbol") if item.schema.panel else [item.schema.symbol] * item.n
            found += zip(item.view("ts").tolist(), symbols, item.words("who"))
    return sorted(found)


notices = st.lists(st.tuples(st.integers(0, 9), st.sampled_from(["x", "y", "z", "ä"])), min_size=1, max_size=6)


@pytest.mark.parametrize("series", [False, True])
@FEW
@given(first=notices, second=notices, other=notices)
def test_texts_of_sections_inputs_and_runs_stay_what_they_are(series, first, second, other, tmp_path_factory):
    first, second, other = sorted(first), sorted((at + 10, word) for at, word in second), sorted(other)
    expected = sorted(
        (START + MINUTE * at, symbol, word)
        for symbol, rows in (("A", first + second), ("B", other))
        for at, word in rows
    )
    both = merged(notes("A", first) + notes("A", second), notes("B", other), series=series)
    assert who(both) == expected
    folder = tmp_path_factory.mktemp("merge")
    files = [folder / "a", folder / "b"]
    append(files[0], notes("A", first))
    append(files[1], notes("B", other))
    step(files, folder / "s", folder / "out", series=series)
    append(files[0], notes("A", second))
    assert who(step(files, folder / "s", folder / "out", series=series, final=True)) == expected


# -- what does not fit -----------------------------------------------------------------------------------------------
WAITS = "hq-merge: 2 rows wait in s for a later run; --final writes them\n"  # the last ts of two symbols
LEFT, RIGHT = bars("A", {0: 1.0, 1: 2.0}), bars("B", {0: 1.0, 1: 2.0})


@pytest.fixture
def begun(run, tmp_path):
    (tmp_path / "a").write_bytes(LEFT)
    (tmp_path / "b").write_bytes(RIGHT)
    ran = run("hq-merge --state s a b > out")
    assert (ran.code, ran.stderr) == (0, WAITS)
    return run


def test_hq_state_shows_an_offset_for_each_input(begun):
    told = json.loads(begun("hq-state s").stdout)
    assert told["input"]["inputs"] == [
        {"name": "a", "bytes": len(LEFT), "format": "Reader"},
        {"name": "b", "bytes": len(RIGHT), "format": "Reader"},
    ]
    assert told["input"]["bytes"] == 0


@pytest.mark.parametrize(
    ("line", "code", "says"),
    [
        ("hq-merge --state s b a", 78, "state s: option files was ['a', 'b'], now ['b', 'a']; use another state file"),
        ("hq-merge --state s a", 78, "state s: option files was ['a', 'b'], now ['a']; use another state file"),
        ("hq-merge --state s --series a b", 78, "state s: option series was False, now True; use another state file"),
        ("hq-merge --state s < a", 78, "state s: option files was ['a', 'b'], now []; use another state file"),
        ("hq-indicators sma:3 --state s < a", 78, "state s: belongs to hq-merge"),
        ("truncate -s 300 a; hq-merge --state s a b", 65, "a: has 300 bytes, and the state has read"),
        ("cp b a; hq-merge --state s a b", 65, "a: is another file: the bytes before byte"),
        ("rm a; hq-merge --state s a b", 66, "a: No such file or directory"),
        ("echo rubbish >> a; hq-merge --state s a b", 65, "a (read from byte"),
        (
            "cp a c; cat c >> a; hq-merge --state s a b",
            65,
            f"a (read from byte {len(LEFT)} on): bar/A/1m row 3: ts goes back",
        ),
        ("hq-merge --state s --final a b > /dev/null; hq-merge --state s a b", 78, "state s: --final has ended it"),
        ("hq-merge --final a b", 2, "--final is said with --state"),
        ("gzip a b; hq-merge --state t a.gz b.gz", 78, "a.gz: is packed, so it cannot be read on from where"),
    ],
)
def test_what_does_not_fit_is_refused(begun, line, code, says):
    ran = begun(f"{line} > x")
    assert ran.code == code, ran.stderr
    assert ran.stderr.split(": ", 1)[1].startswith(says)
    assert ran.stderr.count("\n") == 1


def test_an_input_without_news_is_fine(begun):
    ran = begun("hq-merge --state s a b >> out; hq-merge --state s --final a b >> out; hq-merge a b | hq-diff out -")
    assert (ran.code, ran.stderr) == (0, WAITS)


def test_what_waits_is_told_and_shown(run, tmp_path):
    signals = [{"kind": "signal", "symbol": "B", "ts": START + MINUTE * at} for at in (2, 9)]
    (tmp_path / "a").write_bytes(LEFT)
    (tmp_path / "b").write_bytes(frames.frames((Schema("bar", "B", "1m", (("ts", "i8"),)), [(START,)]), *signals))
    first = run("hq-merge --state s a b > out")
    told = json.loads(run("hq-state s").stdout)["waiting"]
    assert told == {"rows": 3, "maps": 2}
    assert first.stderr == "hq-merge: 3 rows and 2 maps wait in s for a later run; --final writes them\n"
    refused = run("hq-merge --state s b a")
    assert refused.code == 78
    assert "use another state file for another command line, and --final for what waits in this one" in refused.stderr
    ended = run("hq-merge --state s --final a b >> out; hq-state s")
    assert ended.stderr == ""
    assert json.loads(ended.stdout)["waiting"] == {"rows": 0, "maps": 0}


def test_rows_of_other_filters_that_wait_are_shown(run, tmp_path):
    """The last bar of a panel waits for the rest of its ts."""
    lines = ["ts,symbol,open,high,low,close", *(f"{60 * m},{of},1,1,1,1" for m in (1, 2) for of in "AB")]
    (tmp_path / "p.csv").write_text("\n".join(lines) + "\n")
    ran = run("hq-import --period 1m --time-unit s --stamp close --state s < p.csv > out; hq-state s")
    assert json.loads(ran.stdout)["waiting"] == {"rows": 2, "maps": 0}


def test_a_csv_that_grows_is_read_on(run):
    ran = run(
        "hq-gen bars --rows 40 --seed 1 --period 1h | hq-export csv > all.csv; head -11 all.csv > a.csv;"
        "hq-gen bars --rows 40 --seed 2 --period 1h --symbol B > b; hq-merge --state s a.csv b 2> said > out;"
        "tail -n +12 all.csv >> a.csv; hq-merge --state s --final a.csv b >> out; hq-merge a.csv b | hq-diff out -"
    )
    assert (ran.code, ran.stderr) == (0, "")
    cut = run(
        "head -11 all.csv | head -c -3 > a.csv; hq-merge --state t a.csv b > out; cp all.csv a.csv;"
        "hq-merge --state t a.csv b"
    )
    assert cut.code == 65
    assert "goes on at byte" in cut.stderr


def test_stdin_goes_on_as_it_does_elsewhere(run):
    """A stream's later run brings what comes behind; a file its offset."""
    ran = run(
        "hq-gen bars --rows 40 --seed 1 --period 1h > all; hq-export csv < all > c; head -16 c > one.csv;"
        "(head -1 c; tail -n +17 c) > two.csv; hq-gen bars --rows 40 --seed 2 --period 1h --symbol B > b;"
        "hq-merge --state s - b < one.csv 2> said > out; hq-merge --state s --final - b < two.csv >> out;"
        "hq-merge all b | hq-diff out -"
    )
    assert (ran.code, ran.stderr) == (0, "")


# -- kill -9, and states that nobody left ----------------------------------------------------------------------------
def test_killed_and_resumed_is_undisturbed(tmp_path):
    rng = random.Random(1)
    files = [tmp_path / "a", tmp_path / "b"]
    for file, symbol in zip(files, "AB"):
        file.write_bytes(b"".join(bars(symbol, {at + i: 2.0 * i for i in range(10)}) for at in range(0, 3000, 10)))
    given_ = b"".join(bars("C", {at + i: 1.0 * i for i in range(50)}) for at in range(0, 3000, 50))
    env = {**os.environ, "PYTHONPATH": str(ROOT / "core")}
    line = [sys.executable, "-m", "hq_cli.merge", str(files[0]), "-", str(files[1]), "--state", str(tmp_path / "s")]

    def start(*more):
        with open(tmp_path / "out", "ab") as out:
            return subprocess.Popen([*line, "--state-every", "50", *more], stdin=subprocess.PIPE, stdout=out, env=env)

    taken = 0
    for _ in range(3):
        process = start()
        upto = rng.randrange(taken, len(given_))
        with suppress(BrokenPipeError):
            for at in range(taken, upto, 4096):
                process.stdin.write(given_[at : min(at + 4096, upto)])
                process.stdin.flush()
        while not (tmp_path / "s").exists():
            assert process.poll() is None
        process.kill()
        process.communicate()
        assert process.returncode == -signal.SIGKILL
        content = statefile.read(str(tmp_path / "s"))
        taken = content["input"]["bytes"]
        os.truncate(tmp_path / "out", content["output"]["bytes"])
    process = start("--final")
    process.communicate(given_[taken:])
    assert process.returncode == 0
    whole = merged(files[0].read_bytes(), given_, files[1].read_bytes())
    assert said((tmp_path / "out").read_bytes()) == said(whole)


@pytest.mark.parametrize("series", [False, True])
def test_no_value_in_a_state_is_a_signal_or_a_bug(series, tmp_path):
    files = [tmp_path / "a", tmp_path / "b", tmp_path / "n"]
    files[0].write_bytes(merged(bars("A", {0: 1.0, 1: 2.0}), bars("C", {0: 3.0, 2: 3.0})))
    files[1].write_bytes(bars("B", {i: float(i) for i in range(9)}))
    files[2].write_bytes(notes("N", [(0, "x"), (8, "y"), (9, "z")]))
    state = tmp_path / "s"
    step(files, state, tmp_path / "out", series=series)
    content = statefile.read(str(state))
    assert any(one[2] for one in content["input"]["source"]["kept"])
    for file in files:
        append(file, b"")

    def go(rest):
        (tmp_path / "x").unlink(missing_ok=True)
        return step(files, state, tmp_path / "x", series=series, final=True)

    attack(content, b"", state, go, 500, f"merge {series}")


def test_rows_that_wait_out_of_order_are_damaged(tmp_path):
    files = [tmp_path / "a", tmp_path / "b"]
    files[0].write_bytes(bars("A", {0: 1.0}))
    files[1].write_bytes(bars("B", {i: float(i) for i in range(9)}))
    step(files, tmp_path / "s", tmp_path / "out")
    content = statefile.read(str(tmp_path / "s"))
    held = next(one for one in content["input"]["source"]["kept"] if one[2] > 1)
    held[3][0] = held[3][0][8:] + held[3][0][:8]
    statefile.write(str(tmp_path / "s"), content)
    with pytest.raises(HqError, match="rows of bar/B/1m wait that are not in the order of their ts") as refused:
        step(files, tmp_path / "s", tmp_path / "out")
    assert refused.value.code == DATA
