"""DEF, OUTPUTS, USE and several names at once."""

from __future__ import annotations

import math
import os
import re
from pathlib import Path
from typing import Any

import pytest
from signal_runs import COLUMNS, Run, bars, bits, strategy
from strategies import check, form, refused, values

from hq_core.errors import HqError
from hq_core.lang.format import format_text
from hq_core.lang.source import LangError
from hq_core.stages.signal import Signal

NAN = math.nan
CLOSES = [5.0, 1.0, 3.0, 9.0]


def same(found: list[float], wanted: list[float]) -> bool:
    return bits(found) == bits(wanted)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("DEF f() = close\nx = f()", CLOSES),
        ("DEF f(a) = a * 2\nx = f(close) + f(3)", [16.0, 8.0, 12.0, 24.0]),
        ("DEF f(a, b) = a - b\nx = f(close, 1)", [4.0, 0.0, 2.0, 8.0]),
        ("DEF f(a, b) = a - b\nx = f(b=close, a=1)", [-4.0, 0.0, -2.0, -8.0]),
        ("DEF f(a, b) = a - b\nx = F(1, b=close)", [-4.0, 0.0, -2.0, -8.0]),  # in any case, as all functions
        ("DEF f(a) = a[1]\nx = f(close)", [NAN, 5.0, 1.0, 3.0]),
        ("DEF f(x, n) = SMA(x, n) + x[n]\nx = f(close, 1)", [NAN, 6.0, 4.0, 12.0]),
        ("DEF f(c) = IF(c, 1, 0)\nx = f(close > 2)", [1.0, 0.0, 1.0, 1.0]),
        ("DEF f(c) = NOT c\nx = f(close > 2)", [0.0, 1.0, 0.0, 0.0]),
        ("DEF f(a) = a + 1\nDEF g(a) = f(a) * f(2)\nx = g(close)", [18.0, 6.0, 12.0, 30.0]),
        ("k = 7\nDEF f(a) = a + k\nx = f(close)", [12.0, 8.0, 10.0, 16.0]),
        ("a = 7\nDEF f(a) = a + 1\nx = f(close) + a", [13.0, 9.0, 11.0, 17.0]),  # a parameter hides a name
        ("DEF f(close) = close + 1\nx = f(open * 2)", [11.0, 3.0, 7.0, 19.0]),  # and a column
        ("VAR v = v[1] + 1 SEED 0\nDEF f(a) = a + v\nx = f(10)", [11.0, 12.0, 13.0, 14.0]),
        ("DEF f(a) = OUTPUTS(low=a - 1, high=a + 1)\nx = f(close).high * f(close).LOW", [24.0, 0.0, 8.0, 80.0]),
        ("DEF f(a) = OUTPUTS(low=a - 1, up=a > 2)\nb = f(close)\nx = IF(b.up, b.low, 0)", [4.0, 0.0, 2.0, 8.0]),
        ("DEF f(a) = OUTPUTS(low=a - 1, high=a + 1)\nl, h = f(close)\nx = l * h", [24.0, 0.0, 8.0, 80.0]),
        ("l, h = MINMAX(close, 2)\nx = h - l", [NAN, 4.0, 2.0, 6.0]),
        ("DEF step(a) = a\nVAR seed = 2 SEED 0\nstep = 2\nx = step(close) + step * 0 + seed", [7.0, 3.0, 5.0, 11.0]),
    ],
)
def test_values(text: str, wanted: list[float]) -> None:
    assert same(values(text, CLOSES), wanted)


def test_a_call_stands_where_it_is_called_on_other_rows_as_well() -> None:
    closes = [float(i) for i in range(40)]
    inside = values("DEF f(n) = SMA(close, n) - low\nx = f(2)@4h", closes)
    assert same(inside, values("x = (SMA(close, 2) - low)@4h", closes))
    assert same(inside, values("DEF f(a, n) = SMA(a, n) - a\nx = f(close@4h, 2)", closes))
    assert inside[31] == (15.0 + 31.0) / 2 - 31.0


def test_equal_calls_are_computed_once() -> None:
    text = "DEF f(a) = SMA(a, 3) + 1\nx = f(close)\ny = f(close)\nIF x > y THEN BUY"
    told = "\n".join(Signal([("s", text, "s.hq")]).explain())
    assert told.count("sma(close") == 1


def test_functions_that_call_each_other_twice_are_expanded_once() -> None:
    """Forty levels, which would be a million million expansions."""
    text = "DEF f0(a) = (a + 1) / 2\n" + "".join(
        f"DEF f{i}(a) = (f{i - 1}(a) + f{i - 1}(a)) / 2\n" for i in range(1, 40)
    )
    assert values(f"{text}x = f39(close)", CLOSES) == [3.0, 1.0, 2.0, 5.0]


def test_functions_of_the_row_before_are_expanded_once_too() -> None:
    text = "DEF f0(a) = a\n" + "".join(f"DEF f{i}(a) = f{i - 1}(a[1]) + f{i - 1}(a[1])\n" for i in range(1, 40))
    found = check(f"{text}x = f39(close)").scope.names["x"]
    assert found.args[0] is found.args[1]


def test_functions_that_grow_without_end_are_refused_at_a_call() -> None:
    """Each calls the one before for two arguments, so forty levels are a million million calls."""
    text = "DEF f0(a) = a\n" + "".join(f"DEF f{i}(a) = f{i - 1}(a + 1) + f{i - 1}(a + 2)\n" for i in range(1, 40))
    with pytest.raises(
        LangError, match=r"with f\d+ the functions expand to more than 200,000 nodes; .* in f39\(\.\.\.\)"
    ):
        check(f"{text}x = f39(close)")
    assert check(text[: text.index("DEF f12")] + "x = f11(close)")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("a\0b", "no file's name has a NUL in it"),
        ("pipe", "pipe: is a pipe; name a file"),
        ("/dev/zero", "/dev/zero: is a device; name a file"),
    ],
)
def test_only_a_file_is_used(tmp_path: Path, name: str, told: str) -> None:
    """A pipe that nobody writes to, and a device, would be read for ever."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(LangError) as error:
        run(f'USE "{name}"\nx = close', str(tmp_path / "s.hq"))
    assert told in error.value.reason
    assert (error.value.start, error.value.end) == (4, 6 + len(name))


def test_a_call_reads_what_is_there_when_it_is_called() -> None:
    """Its arguments and the rows on which it stands decide, not the first call."""
    text = "DEF f(a) = a[1] + open\nx = f(close)\ny = f(close)@4h\nz = f(close * 2)\nVAR v = v[1] + f(close) SEED 0"
    found = check(text).scope.names
    assert [found[name].clock for name in "xyzv"] == [("", 0), ("", 14_400 * 10**9), ("", 0), ("", 0)]


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("def Band( x,n )=SMA(x,n)\ny=band( close,3 )", "DEF Band(x, n) = SMA(x, period=n)\ny = Band(close, 3)"),
        ("def f()=outputs(a=close,B=open)\nc , d=f( )", "DEF f() = OUTPUTS(a=close, B=open)\nc, d = f()"),
        ("def f(a)=a+1\nx=F(a=close)", "DEF f(a) = a + 1\nx = f(a=close)"),
        ("def f(a)=sma(a)\nx=f(close)\ny=f(3)", "DEF f(a) = SMA(a)\nx = f(close)\ny = f(3)"),  # not the same each time
        ("x=Other.Name+low", "x = Other.Name + low"),  # a column that the input may have
    ],
)
def test_canonical_form(text: str, canonical: str) -> None:
    assert form(text) == canonical + "\n"
    assert form(canonical) == canonical + "\n"


NAMED = "a column's name has at most 256 characters, and none that does not print"
REFUSED = [
    ('PLOT(<"a\tb">, close)', NAMED),
    ('PLOT(<"a\x0bUTC">, close)', NAMED),  # which a graph calls a time on a zone's clock
    (f'PLOT(<"{"a" * 257}">, close)', NAMED),
    (f"IF close > 1 THEN BUY(META(<{'a' * 252}>=1))", "a key has at most 251 characters"),
    ("DEF f(a) = a\nx = <f()>", "f(a) lacks a"),
    ("DEF f(a) = a\nx = f(1, <2>)", "f(a) has no place for this"),
    ("DEF f(alpha) = alpha\nx = f(<alhpa>=2)", "f(alpha) has no 'alhpa', did you mean 'alpha'?"),
    ("DEF f(a, b) = a\nx = f(1, <a=2>)", "a is given twice"),
    ("DEF f(a, <a>) = a", "a is there twice"),
    ("DEF f(a) = a\nDEF <F>(b) = b", "'F' is defined already; a name is given once"),
    ("DEF <sma>(a) = a", "SMA is an indicator"),
    ("DEF <max>(a) = a", "MAX is a word of the language"),
    ("DEF <buy>(a) = a", "BUY is a word of the language"),
    ("DEF <OUTPUTS>(a) = a", "OUTPUTS is a word of the language"),
    ("DEF <plot>(a) = a", "PLOT is a word of the language"),
    ("x = <zigzagged>(1)\nDEF zigzagged(a) = a", "unknown function 'zigzagged', did you mean 'ZIGZAG'?"),
    ("DEF f(a) = OUTPUTS(a=1, b=2)\nx = <f(close)> + 1", "pick an output: .a, .b"),
    ("DEF f(a) = OUTPUTS(a=1, b=2)\nx = f(close).<c>", "no output 'c'; pick an output: .a, .b"),
    ("a, b = <SMA(close, 3)>", "2 names want as many values; this is one value"),
    ("a, b = <MACD()>", "2 names want as many values; this has 3 outputs: macd, signal, hist"),
    ("a, <a> = MINMAX(close, 3)", "'a' is defined already; a name is given once"),
    ("a, <close> = MINMAX(close, 3)", "'close' is a column of the input"),
]


@pytest.mark.parametrize(("marked", "reason"), REFUSED)
def test_refused(marked: str, reason: str) -> None:
    assert refused(marked) == reason


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("<f(a)>", "f calls itself; a value made of its last one is a VAR"),
        ("<nowhere> + a", "unknown name 'nowhere'"),
        ("OUTPUTS(<1>, 2)", "OUTPUTS takes name=value"),
        ("<OUTPUTS(a=1)>", "OUTPUTS wants two values or more, each with its name"),
        ("OUTPUTS(a=1, <A>=2)", "A is given twice"),
        ("a <+> 'x'", "'+' joins price with text"),
    ],
)
def test_what_is_wrong_in_a_body_is_told_there_once_it_is_called(body: str, reason: str) -> None:
    assert refused(f"DEF f(a) = {body}\nx = f(close)") == reason


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("DEF f(a) = a > 3\nx = f(close > 2)", ["'>' compares bool with number; in f(...), called at 2:5", 1, 14]),
        (
            "DEF f(a) = a > 3\nDEF g(b) = f(b)\nx = 1 +\n g(close > 2)",
            ["'>' compares bool with number; in f(...), called at 2:12, in g(...), called at 4:2", 1, 14],
        ),
        (
            "DEF f(a) = -a\nDEF g(a) = f(a)\nDEF h(a) = g(a)\nDEF i(a) = h(a)\nx = i(close > 2)",
            [
                "'-' wants a number, this is a bool; "
                "in f(...), called at 2:12, in g(...), called at 3:12, ..., in i(...), called at 5:5",
                1,
                13,
            ],
        ),
    ],
)
def test_an_error_in_a_body_names_the_calls_that_it_came_by(text: str, told: list[Any]) -> None:
    reason, line, column = told
    with pytest.raises(LangError) as error:
        check(text)
    shown = str(error.value).splitlines()
    assert shown[0] == f"s.hq:{line}:{column}: {reason}"
    assert shown[1:] == [f"  {text.splitlines()[line - 1]}", " " * (column + 1) + "^"]


def test_an_error_in_a_body_of_another_file_is_told_there_with_the_call(tmp_path: Path) -> None:
    name = written(tmp_path, a="# a\nDEF f(a) = a + 3\n")
    with pytest.raises(LangError) as error:
        run('USE "a.hq"\nx = 1 + f(close > 2)', name)
    told = f"{tmp_path}/a.hq:2:14: '+' joins bool with number; in f(...), called at {name}:2:9"
    assert str(error.value).splitlines() == [told, "  DEF f(a) = a + 3", "               ^"]


UNCALLED = [
    ("DEF f(a) = a + <nowhere>", "unknown name 'nowhere'"),
    ("DEF f(a) = IF(a, <nowhere>, 1)", "unknown name 'nowhere'"),  # also behind what cannot be told
    ("DEF f(a) = SMA(NZ(a), <lenght>)", "unknown name 'lenght'"),
    ("DEF f(a, n) = <SMAX>(a, n)", "unknown function 'SMAX', did you mean 'SMA' or 'MAX' or 'MA'?"),
    ("DEF f(a, n) = SMA(a, <perod>=n)", "SMA has no 'perod', did you mean 'period'?"),
    ("DEF f(a, n) = ABS(a, <n>)", "ABS has no place for this: ABS(x)"),
    ("DEF f(a) = NORMALIZE(a, <leng>=3)", "NORMALIZE has no 'leng', did you mean 'length'?"),
    ("DEF f(a) = a + 1\nDEF g(a) = f(a, <2>)", "f(a) has no place for this"),
    ("DEF f(a) = a + 1\nDEF g(a) = <f()>", "f(a) lacks a"),
    ("DEF f(a) = <f(a)>", "f calls itself; a value made of its last one is a VAR"),
    ("DEF f(a) = g(a)\nDEF g(a) = <f(a)>", "f calls itself; a value made of its last one is a VAR"),
    ("DEF f(a) = <a + 1> AND close > 3", "AND wants conditions, this is a series"),
    ("DEF f(a) = (a > 1) <+> (a + 1)", "'+' joins bool with series"),
    ("DEF f(a) = NOT (<-a>)", "NOT wants a condition, this is a series"),
    ("DEF f(a) = a + (close <+> 'x')", "'+' joins price with text"),
    ("DEF f(a) = 1 / <0> + a", "division by 0"),
    ("DEF f(a) = OUTPUTS(lo=a, hi=close)\nDEF g(a) = f(a).<mid>", "no output 'mid'; pick an output: .lo, .hi"),
    ("DEF f(a) = <a>@4h", "'a' is computed on its own clock; '@' reads a column or a call"),
]


@pytest.mark.parametrize(("marked", "reason"), UNCALLED)
def test_what_no_argument_would_mend_is_told_of_a_function_that_nothing_calls(marked: str, reason: str) -> None:
    assert refused(marked) == reason


@pytest.mark.parametrize(
    "text",
    [
        "DEF f(x, n, k) = MA(x, IF(n > 3, n, 3), matype=k) + x[n] + HOUR(time=ts, zone=k) + MACD(x, n, n).hist",
        "DEF f(a) = later + a\nlater = 3",  # what the file has when it is called
        "DEF f(a) = a.lower + a[1] + 3 * a",
        "DEF f(a) = symbol == a AND a IN (1, 2) AND a IN ('x', 'y')",
        "DEF f(a, n) = (close + n)@4h > a AND position > 3 AND RANK(a) > 0.5",
        "DEF f(a) = SIMILARITY(VEC_STORE(a), NORMALIZE(a)).label + SIMILARITY(VEC_STORE('b'), NORMALIZE(close)).score",
        "DEF f(a) = OUTPUTS(lo=a, hi=a > 3)\nDEF g(a) = IF(f(a).hi, f(a).lo, 1)",
    ],
)
def test_where_an_argument_decides_nothing_is_told(text: str) -> None:
    checked = check(text)
    seen = [checked.called, checked.scope.across, checked.scope.beyond, checked.scope.account]
    assert not any(seen)
    assert form(text)


def test_functions_of_another_file_that_nothing_calls(tmp_path: Path) -> None:
    """Their columns and stores are needed by nobody; what is wrong in any case is told."""
    name = written(tmp_path, a="DEF f(a) = a + extra\nDEF g(a) = SIMILARITY(VEC_STORE('b'), NORMALIZE(a))\n")
    assert run('USE "a.hq"\nx = close', name) == CLOSES
    with pytest.raises(LangError, match="a.hq:1:12: unknown function 'SMAX'"):
        run('USE "a.hq"\nx = close', written(tmp_path, a="DEF f(a) = SMAX(a, 3)"))


def test_a_function_of_another_file_may_read_a_column_that_only_the_input_has(tmp_path: Path) -> None:
    name = written(tmp_path, a="DEF f(a) = a + extra\n")
    stage = Signal([("s", 'USE "a.hq"\nx = f(close)', name)], keep=["x"])
    told = Run(stage).announce("15m", columns=(*COLUMNS, ("extra", "f8")))
    rows = [{**row, "extra": 100.0} for row in bars(CLOSES)]
    assert told.feed("15m", rows).finish().column("x") == [105.0, 101.0, 103.0, 109.0]


# Files


def written(folder: Path, **files: str) -> str:
    for name, text in files.items():
        (folder / f"{name}.hq").write_text(text)
    return str(folder / "s.hq")


def run(text: str, name: str) -> list[float]:
    stage = Signal([("s", text, name)], keep=["x"])
    return Run(stage).announce("15m").feed("15m", bars(CLOSES)).finish().column("x")


def test_functions_of_another_file(tmp_path: Path) -> None:
    name = written(tmp_path, bands="k = 2\nDEF band(a) = a + k\nDEF twice(a) = band(band(a))\n")
    assert run('USE "bands.hq"\nk = 100\nx = twice(close)', name) == [9.0, 5.0, 7.0, 13.0]


def test_a_file_that_uses_another_from_its_own_folder(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "b.hq").write_text("DEF g(a) = a * 10\n")
    (tmp_path / "deep" / "a.hq").write_text('USE "b.hq"\nDEF f(a) = g(a) + 1\n')
    name = written(tmp_path)
    assert run('USE "deep/a.hq"\nUSE "deep/b.hq"\nx = f(close) + g(1)', name) == [61.0, 21.0, 41.0, 101.0]
    assert format_text("use 'deep/a.hq'\nx=F(close)", name) == "USE 'deep/a.hq'\nx = f(close)\n"


def test_the_files_are_in_the_provenance(tmp_path: Path) -> None:
    name = written(tmp_path, a="DEF f(a) = a\n")
    first = Signal([("s", 'USE "a.hq"\nx = f(close)\nIF x > 1 THEN BUY', name)]).inputs
    written(tmp_path, a="DEF f(a) = a + 1\n")
    second = Signal([("s", 'USE "a.hq"\nx = f(close)\nIF x > 1 THEN BUY', name)]).inputs
    assert first.keys() == second.keys()
    changed = [key for key in first if first[key] != second[key]]
    assert changed == ["s USE a.hq"]


USED = [
    ("IF close > 1 THEN BUY\n", "holds DEF, USE and names, no rules and parameters"),
    ("param a = 3\n", "holds DEF, USE and names, no rules and parameters"),
    ("VAR a = a[1] SEED 3\n", "holds DEF, USE and names, no rules and parameters"),
    ('USE "a.hq"\n', "the file uses itself: "),
    ('USE "s.hq"\n', "the file uses itself: "),
    ('USE "b.hq"\n', "b.hq"),
    ("DEF f(a = 3\n", "'(' is never closed"),
    ("DEF f(a) = a\nDEF f(a) = a\n", "'f' is defined already; a name is given once"),
]


@pytest.mark.parametrize(("text", "reason"), USED)
def test_a_file_that_cannot_be_used(tmp_path: Path, text: str, reason: str) -> None:
    name = written(tmp_path, a=text, s='USE "a.hq"\n')
    with pytest.raises(HqError, match=re.escape(reason)):
        run('USE "a.hq"\nx = close', name)


def test_two_files_with_one_function(tmp_path: Path) -> None:
    name = written(tmp_path, a="DEF f(a) = a\n", b="DEF f(a) = a + 1\n")
    with pytest.raises(LangError, match="f is defined already") as error:
        run('USE "a.hq"\nUSE "b.hq"\nx = f(close)', name)
    assert str(error.value).splitlines()[1:] == ['  USE "b.hq"', "  ^^^^^^^^^^"]


def test_a_file_that_is_not_there_is_told_at_its_name(tmp_path: Path) -> None:
    with pytest.raises(LangError) as error:
        run('USE "none.hq"\nx = close', written(tmp_path))
    assert str(error.value).splitlines()[1:] == ['  USE "none.hq"', "      ^^^^^^^^^"]
    assert error.value.code == 65


def test_a_symbol_that_only_another_file_names_is_heard_from_its_first_row_on(tmp_path: Path) -> None:
    name = written(tmp_path, a="DEF f() = close@Y\n")
    told = Run(Signal([("s", 'USE "a.hq"\nx = f()', name)], keep=["x"])).announce("15m").announce("15m", symbol="Y")
    told.feed("15m", bars(CLOSES), symbol="Y").feed("15m", bars([0.0] * 4))
    assert told.finish().column("x") == CLOSES


def test_the_account_is_refused_where_another_file_reads_it(tmp_path: Path) -> None:
    name = written(tmp_path, a="DEF g() = 2 * position\n")
    with pytest.raises(LangError, match="'position' is of the account") as error:
        run('USE "a.hq"\nx = g()', name)
    assert str(error.value).splitlines()[1:] == ["  DEF g() = 2 * position", "                ^^^^^^^^"]


def test_rules_use_them() -> None:
    text = "DEF above(a, b) = a > b\nIF above(close, 4) THEN OPEN_LONG(size=close)"
    found = Run(strategy(text)).announce("15m").feed("15m", bars(CLOSES)).finish()
    assert [one["quantity"] for one in found.orders()] == [5.0, 9.0]


def test_more_columns_than_a_series_takes_are_refused() -> None:
    plots = [f"PLOT(p{i}, close)" for i in range(4096)]
    with pytest.raises(LangError, match=r"the bars would have 4097 columns, at most 4096 are written"):
        check("\n".join(plots))
    keys = ", ".join(f"k{i}=1" for i in range(4096))
    with pytest.raises(LangError, match=r"META has 4096 keys up to here; with theirs orders would have more than 4096"):
        check(f"IF close > 1 THEN BUY(META({keys}))")
    assert len(check("\n".join(plots[:4000])).plots) == 4000
