"""Kernels through both routes, the image cache and its safety, and what an image must refuse."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from array import array

import pytest
from places import ROOT

from hq_core.errors import HqError
from hq_core.jit import F8, I1, I4, I8, U1, Cell, State, inline, kernel
from hq_core.jit.declare import fingerprint, visible

TABLE = (1.0, 0.5, 0.25)


@inline
def scaled(x, step):
    return x * TABLE[step % 3]


@kernel(state="total seen:i8")
def every_kind(a: F8, b: I8, c: I4, d: I1, e: U1, n: int, factor: float, s: State, out: F8) -> None:
    for i in range(len(a)):
        s.total += scaled(a[i], i) + b[i] + c[i] + d[i] + e[i]
        s.seen += n
        out[i] = s.total * factor


@kernel()
def clear_and_shift(x: F8, y: F8, n: int) -> None:
    for i in range(len(y)):
        y[i] = 0.0
    for i in range(n):
        y[i] = x[i]
    for i in range(n - 1, 0, -1):
        x[i] = x[i - 1]


@kernel()
def divides(x: F8, out: F8) -> None:
    for i in range(len(x)):
        out[i] = 1.0 / x[i]


def run_every_kind():
    cell = Cell(every_kind)
    cell.buffer("a", array("d", [1.5, -2.0, 3.0, 1e300]))
    cell.buffer("b", array("q", [1, 2**40, -3, 0]))
    cell.buffer("c", array("i", [5, -6, 7, 8]))
    cell.buffer("d", array("b", [-1, 2, -3, 4]))
    cell.buffer("e", bytearray([255, 0, 1, 2]))
    out = array("d", bytes(32))
    cell.buffer("out", out)
    cell.set(n=3, factor=0.5)
    cell.run()
    return cell, out


@kernel(state="up:i8 x down:i8")
def two_counts(n: int, s: State) -> None:
    s.up += n
    s.x += 0.5
    s.down -= n


def test_every_kind_of_argument_arrives():
    cell, out = run_every_kind()
    total, expected = 0.0, []
    rows = zip([1.5, -2.0, 3.0, 1e300], [1, 2**40, -3, 0], [5, -6, 7, 8], [-1, 2, -3, 4], [255, 0, 1, 2])
    for i, (a, b, c, d, e) in enumerate(rows):
        total += a * TABLE[i % 3] + b + c + d + e
        expected.append(total * 0.5)
    assert list(out) == expected
    assert cell.state.seen == 12
    assert cell.state.total == total


def test_several_fields_are_read_as_they_are_now():
    cell = Cell(two_counts)
    several = cell.state.several("down", "up")
    assert several() == (0, 0)
    cell.set(n=5)
    cell.run()
    assert several() == (-5, 5)


def test_state_is_its_bytes():
    cell, _ = run_every_kind()
    other = Cell(every_kind)
    other.load(cell.save())
    assert (other.state.total, other.state.seen) == (cell.state.total, 12)
    with pytest.raises(HqError, match="16 wanted"):
        other.load(b"short")


@pytest.mark.parametrize("n", [0, 1, 7, 300])
def test_loops_that_become_memory_calls_need_no_libc(n):
    x, y = array("d", [float(i + 1) for i in range(300)]), array("d", [9.0] * 400)
    before = list(x)
    cell = Cell(clear_and_shift)
    cell.buffer("x", x)
    cell.buffer("y", y)
    cell.set(n=n)
    cell.run()
    assert list(y) == before[:n] + [0.0] * (400 - n)
    assert list(x) == before[:1] + before[: max(n - 1, 0)] + before[max(n, 1) :]


def test_division_by_zero_is_infinite():
    cell = Cell(divides)
    out = array("d", bytes(24))
    cell.buffer("x", array("d", [0.0, -0.0, math.inf]))
    cell.buffer("out", out)
    cell.run()
    assert list(out) == [math.inf, -math.inf, 0.0]


def test_the_fingerprint_follows_code_constants_helpers_and_types():
    def make(text, table=(1.0,), name="k"):
        names = {"inline": inline, "kernel": kernel, "TABLE": table, "math": math}
        exec(text, names)
        return fingerprint(names[name], "salt")

    base = "@inline\ndef h(v): return v + 1.0\n"
    base += "@kernel()\ndef k(x: F8, out: F8) -> None:\n    out[0] = h(x[0]) * TABLE[0]\n"
    head = "from __future__ import annotations\n"
    first = make(head + base)
    assert first == make(head + "# a comment\n" + base)
    assert first != make(head + base.replace("+ 1.0", "+ 2.0"))
    assert first != make(head + base.replace("h(x[0])", "h(x[1])"))
    assert first != make(head + base, table=(2.0,))
    assert first != make(head + base.replace("out: F8", "out: I8"))


AUTHORS = {
    "text": ("from __future__ import annotations\nfrom hq_core.jit import F8, I1, State\n", "F8", "I1", "State"),
    "objects": ("from hq_core.jit import F8, I1, State\n", "F8", "I1", "State"),
    "by module": ("from hq_core import jit\n", "jit.F8", "jit.I1", "jit.State"),
    "quoted": ("from __future__ import annotations\n", "'F8'", "'I1'", "'State'"),
}


@pytest.mark.parametrize("author", AUTHORS)
def test_annotations_may_be_objects_texts_or_both(author):
    """Who leaves out `from __future__ import annotations` gets the same kernel, under the same fingerprint."""

    def made(head, x, d, s):
        names = {"kernel": kernel}
        text = f"{head}@kernel(state='seen:i8')\ndef k(x: {x}, d: {d}, n: int, share: float, s: {s}) -> None: pass"
        exec(compile(text, author, "exec", dont_inherit=True), names)
        return names["k"]

    one = made(*AUTHORS[author])
    assert one.args == (("x", "F8"), ("d", "I1"), ("n", "int"), ("share", "float"), ("s", "State"))
    assert fingerprint(one, "salt") == fingerprint(made(*AUTHORS["text"]), "salt")


def test_the_fingerprint_holds_all_that_a_kernel_can_see():
    """What it does not hold is hidden from the compiler, so that it cannot get into the machine code."""
    text = "def make(step):\n    @kernel()\n    def k(x: F8) -> None:\n        x[0] *= step + HIDDEN[0]\n    return k\n"
    names = {"kernel": kernel, "F8": F8, "HIDDEN": array("d", [1.0]), "math": math, "N": 3}
    exec(compile(text, "made", "exec", dont_inherit=True), names)
    assert fingerprint(names["make"](1.0), "salt") != fingerprint(names["make"](2.0), "salt")
    with pytest.raises(TypeError, match="must be numbers"):
        fingerprint(names["make"]([1.0]), "salt")
    assert {"HIDDEN", "kernel"}.isdisjoint(visible(names["make"](1.0).function))
    assert visible(names["make"](1.0).function).keys() >= {"math", "N"}


@pytest.mark.parametrize("flaw", ["x: str", "x"])
def test_an_argument_without_a_column_type_is_refused(flaw):
    with pytest.raises(TypeError, match="argument x is annotated"):
        exec(f"from __future__ import annotations\n@kernel()\ndef k({flaw}) -> None: pass\n", {"kernel": kernel})


SCRIPT = """
import sys
sys.path[:0] = {paths!r}
from test_jit import run_every_kind
cell, out = run_every_kind()
print(out.tobytes().hex(), cell.save().hex(), "numba" in sys.modules, "numpy" in sys.modules)
"""


def in_process(folder, **env):
    script = SCRIPT.format(paths=[str(ROOT / part) for part in ("tests/jit", "tests/helpers", "core")])
    # pytest is imported by test_jit itself and costs nothing that matters here
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "HQ_CACHE": str(folder), **env},
    )
    return done.stdout.split()


@pytest.fixture
def private(tmp_path):
    tmp_path.chmod(0o700)
    return tmp_path


def image_of(folder):
    found = [path for path in folder.iterdir() if path.suffix == ".img"]
    assert len(found) == 1
    return found[0]


def test_numba_and_the_image_give_the_same_bits_and_a_warm_run_needs_no_compiler(private):
    cold = in_process(private)
    warm = in_process(private)
    plain = in_process(private, HQ_JIT="numba")
    assert cold[:2] == warm[:2] == plain[:2]
    assert (cold[2], warm[2], warm[3], plain[2]) == ("True", "False", "False", "True")


def test_numba_s_own_loader_keeps_what_it_compiled_and_notices_an_edit(private):
    first = in_process(private, HQ_JIT="numba")
    kept = {path.name for path in private.rglob("*.nbi")}
    assert len(kept) == 1
    assert in_process(private, HQ_JIT="numba")[:2] == first[:2]
    assert {path.name for path in private.rglob("*.nbi")} == kept


@pytest.mark.parametrize("damage", ["flip", "cut", "mode", "link"])
def test_an_image_that_cannot_be_trusted_is_not_used(private, damage):
    good = in_process(private)
    path = image_of(private)
    content = bytearray(path.read_bytes())
    path.chmod(0o600)
    if damage == "flip":
        content[-1] ^= 1
        path.write_bytes(content)
        path.chmod(0o400)
    elif damage == "cut":
        path.write_bytes(content[:-1])
        path.chmod(0o400)
    elif damage == "mode":
        path.chmod(0o666)
    else:
        elsewhere = private / "elsewhere"
        path.rename(elsewhere)
        path.symlink_to(elsewhere)
    again = in_process(private)
    assert again[:2] == good[:2]
    assert again[2] == "True"  # it compiled


def test_a_cache_that_others_may_write_is_ignored(private):
    folder = private / "open"
    folder.mkdir()
    folder.chmod(0o777)
    assert in_process(folder)[2] == "True"
    assert list(folder.iterdir()) == []


def test_many_cold_processes_at_once_compile_once_and_agree(private):
    script = SCRIPT.format(paths=[str(ROOT / part) for part in ("tests/jit", "tests/helpers", "core")])
    env = {**os.environ, "HQ_CACHE": str(private)}
    started = [subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, env=env) for _ in range(6)]
    outputs = {process.communicate()[0].split()[0] for process in started}
    assert len(outputs) == 1
    assert all(process.returncode == 0 for process in started)
    image_of(private)


def test_an_image_refuses_what_it_cannot_hold():
    @kernel()
    def logs(x: F8) -> None:
        for i in range(len(x)):
            x[i] = math.log(x[i])

    from hq_core.jit.bare import bare

    with bare():
        from hq_core.jit import compile, flat

        with pytest.raises(flat.Unsupported, match="needs log"):
            compile.image(logs)
