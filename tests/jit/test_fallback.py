"""A kernel that can become no image runs through numba's own loader: same bits, tried once, told once."""

from __future__ import annotations

import math
import os
import subprocess
import sys

import pytest
from places import ROOT

from hq_core.jit import F8, Cell, kernel


@kernel()
def logs(x: F8) -> None:
    for i in range(len(x)):
        x[i] = math.log(x[i])  # libm's, which an image cannot call


@pytest.fixture
def home(tmp_path):
    tmp_path.chmod(0o700)
    return tmp_path


def python(code, home, **env):
    """What `code` prints, with nothing said on stderr, in a process whose cache is `home`."""
    ended = subprocess.run(
        [sys.executable, "-P", "-c", code],
        capture_output=True,
        text=True,
        cwd=home,
        env={
            "PYTHONPATH": os.pathsep.join(str(ROOT / part) for part in ("core", "tests/jit", "tests/helpers")),
            "HQ_CACHE": str(home),
            **env,
        },
    )
    assert (ended.returncode, ended.stderr) == (0, ""), ended.stderr
    return ended.stdout.splitlines()


LOGS = """
from array import array
from hq_core import hooks
from hq_core.jit import Cell, cache
from test_fallback import logs
hooks.compiling = lambda kernel, why: print("compiling", kernel)
values = array("d", [1.0, 2.0, 10.0, 0.0, -1.0])
cell = Cell(logs)
cell.buffer("x", values)
cell.run()
print(values.tobytes().hex())
print(cache.notes)
"""


def test_a_kernel_that_needs_an_outside_symbol_runs_with_the_loader_s_bits(home):
    (home / "a").mkdir(mode=0o700)
    plain = python(LOGS, home / "a", HQ_JIT="numba")
    assert python(LOGS, home)[:2] == plain[:2]
    assert plain[0] == "compiling logs"


def test_the_reason_is_told_once_and_remembered(home):
    first, again = python(LOGS, home), python(LOGS, home)
    assert "needs log, which an image cannot call" in first[-1]
    assert first[0] == "compiling logs"
    assert again == [first[1], "[]"]  # nothing compiled, nothing to say


BROKEN = """
from hq_core.jit import compile
compile._START = "define i32 @hq_entry(no such type) {{}} ; {inner}"
"""
DIVIDES = """
from array import array
from hq_core.jit import Cell, cache
from test_jit import divides
out = array("d", bytes(24))
cell = Cell(divides)
cell.buffer("x", array("d", [3.0, -0.0, 7.0]))
cell.buffer("out", out)
cell.run()
print(out.tobytes().hex())
print(cache.notes)
"""


def test_a_text_that_llvm_does_not_take_runs_with_the_same_bits(home):
    for name in "ab":
        (home / name).mkdir(mode=0o700)
    broken = python(BROKEN + DIVIDES, home / "a")
    assert "kernel divides: " in broken[1]
    assert "runs through numba's own loader" in broken[1]
    assert broken[0] == python(DIVIDES, home / "b")[0]
    assert python(DIVIDES, home / "a") == [broken[0], "[]"]


def test_hq_warm_names_what_has_no_image(home):
    code = """
from hq_cli import _warm
from hq_core.jit import address
from test_fallback import logs
from test_jit import divides
print(_warm.compile_all([logs, divides], False), _warm.compile_all([logs, divides], False))
print(_warm.without_image([divides, logs]))
"""
    assert python(code, home) == [
        "2 0",
        '["logs: no image (needs log, which an image cannot call), so numba\'s own loader is used"]',
    ]


def test_libm_s_square_root_becomes_one_instruction():
    from hq_core.jit.bare import bare

    with bare():
        from hq_core.jit.compile import _own_square_root

    old = "declare double @sqrt(double) #1\n\ndefine double @f(double %x) {\n  %r = call double @sqrt(double %x)\n"
    new = _own_square_root(old)
    assert "@sqrt(" not in new
    assert "%r = call double @llvm.sqrt.f64(double %x)" in new
    assert new.count("declare double @llvm.sqrt.f64(double)") == 1
    assert _own_square_root(new) == new


@kernel()
def roots(x: F8) -> None:
    for i in range(len(x)):
        x[i] = math.sqrt(x[i])


def test_a_square_root_is_exact_whichever_numba_made_it():
    from array import array

    given = [0.0, -0.0, 2.0, 1e-320, 1.7e308, math.inf, 0.1 + 0.2]
    values = array("d", [*given, -1.0])
    cell = Cell(roots)
    cell.buffer("x", values)
    cell.run()
    assert list(values[:-1]) == [math.sqrt(value) for value in given]
    assert math.isnan(values[-1])
