"""The files of images that come with a wheel: found by what the code says, used by rule, and without a compiler."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from array import array
from pathlib import Path

import pytest
from places import ROOT

from hq_core.jit import Cell, Kernel, address, cache, images, machine, making, native

PIPELINE = (
    "hq-gen bars --rows 400 --seed 1 | hq-indicators rsi:14 ema:20 | hq-signal examples/rsi.hq | hq-backtest --json"
)
pytestmark = pytest.mark.skipif(machine.route() != "image", reason="images are for Linux on x86-64")


def kernels() -> list[Kernel]:
    """hq's kernels that have been compiled here."""
    from hq_cli._warm import kernels

    return [kernel for kernel in kernels() if isinstance(cache.find(making.name_of(kernel)), int)]


def image_of(kernel: Kernel) -> tuple[bytes, bytes, int]:
    name = making.name_of(kernel)
    return images.digest_of(kernel), *cache.parted((Path(cache.folder()) / f"{name}.img").read_bytes(), name)


@pytest.fixture(scope="module")
def some(tmp_path_factory) -> tuple[Kernel, tuple[bytes, bytes, int]]:
    from hq_core.kernels.ops import add  # any kernel

    address(add)
    return add, image_of(add)


@pytest.fixture
def pack(tmp_path, monkeypatch):
    """Write a file of images where hq looks for it."""
    tmp_path.chmod(0o700)
    monkeypatch.setattr(images, "path_of", lambda level: str(tmp_path / level))
    monkeypatch.setattr(images, "_packs", {})
    monkeypatch.setattr(cache, "notes", [])

    def write(content: bytes) -> Path:
        path = tmp_path / machine.processor()
        path.write_bytes(content)
        images._packs.clear()
        return path

    return write


def test_a_kernel_is_found_and_runs(some, pack, monkeypatch):
    kernel, image = some
    others = [(bytes([i]) * 16, b"\xcc" * (10 + i), 3) for i in (0, 100, 255)]
    pack(images.packed([*others, image]))
    monkeypatch.setattr(native, "_loaded", {})
    monkeypatch.setattr(making, "addresses", {})
    monkeypatch.setattr(cache, "find", lambda name: pytest.fail("the cache was asked"))
    cell = Cell(kernel)
    columns = {name: array("d", [1.5, 2.5]) for name in ("x", "y", "out")}
    for name, values in columns.items():
        cell.buffer(name, values)
    cell.run()
    assert columns["out"].tolist() == [3.0, 5.0]
    pack(images.packed(others))
    assert images.find(kernel) is None
    assert cache.notes == []


def test_what_is_damaged_is_noted_and_not_run(some, pack):
    kernel, image = some
    content = images.packed([image])
    for at in (images.HEAD + 33, len(content) - images.ALIGNED, images.HEAD + 20):
        changed = bytearray(content)
        changed[at] ^= 0x40
        pack(bytes(changed))
        cache.notes.clear()
        assert images.find(kernel) is None
        assert len(cache.notes) == 1
        assert "not used: damaged" in cache.notes[0]
    for cut in (b"", content[:10], content[: images.HEAD + 5], b"x" * 100):
        pack(cut)
        cache.notes.clear()
        assert images.find(kernel) is None
        assert "not a file of images" in cache.notes[0]


def test_a_file_that_others_may_write_or_a_link_is_not_used(some, pack):
    kernel, image = some
    path = pack(images.packed([image]))
    assert images.find(kernel) is not None
    for mode in (0o622, 0o664):
        path.chmod(mode)
        images._packs.clear()
        assert images.find(kernel) is None
    assert "others may write" in cache.notes[0]
    path.chmod(0o600)
    moved = path.with_name("elsewhere")
    path.rename(moved)
    path.symlink_to(moved)
    images._packs.clear()
    assert images.find(kernel) is None


def test_the_same_code_under_another_compiler_has_the_same_image(some, monkeypatch):
    kernel, image = some
    monkeypatch.setattr(machine, "_salt", "another numba")
    assert images.digest_of(kernel) == image[0]
    monkeypatch.setattr(machine, "_processor", "x86-64-v2" if machine.processor() != "x86-64-v2" else "x86-64-v3")
    assert images.digest_of(kernel) != image[0]


def test_a_pipeline_runs_without_a_compiler_and_leaves_no_cache(run, tmp_path):
    """As out of a wheel: a copy of the package with the images beside it, and compilers that must not be imported."""
    want = run(PIPELINE, cwd=ROOT)
    assert want.code == 0
    site, stubs, empty = tmp_path / "site", tmp_path / "stubs", tmp_path / "cache"
    empty.mkdir(mode=0o700)
    tmp_path.chmod(0o700)
    shutil.copytree(ROOT / "core/hq_core", site / "hq_core", ignore=shutil.ignore_patterns("__pycache__", "*.images"))
    shutil.copytree(ROOT / "core/hq_cli", site / "hq_cli", ignore=shutil.ignore_patterns("__pycache__"))
    level = machine.processor()
    packed = images.packed(sorted({image_of(kernel) for kernel in kernels()}))
    (site / "hq_core/jit" / os.path.basename(images.path_of(level))).write_bytes(packed)
    for name in ("numba", "llvmlite", "numpy"):
        (stubs / name).mkdir(parents=True)
        (stubs / name / "__init__.py").write_text(f"raise ImportError('{name} is not to be imported')\n")
    paths = {"PYTHONPATH": f"{stubs}:{site}", "HQ_CACHE": str(empty)}
    ran = run(PIPELINE, cwd=ROOT, env=paths)
    assert (ran.code, ran.stderr) == (0, want.stderr)
    assert ran.stdout == want.stdout
    assert list(empty.iterdir()) == []
    code = (
        "from hq_core.jit import F8, kernel, address\n@kernel()\ndef own(x: F8) -> None:\n    x[0] = 1.0\naddress(own)"
    )
    (tmp_path / "own.py").write_text(code)
    ran = run(f"{sys.executable} own.py", env=paths)
    assert "numba is missing, which compiles what did not come compiled with hq" in ran.stderr


def test_the_script_that_makes_them_explains_itself(tmp_path):
    script = [sys.executable, str(ROOT / "scripts" / "make_images.py")]
    helped = subprocess.run([*script, "--help"], capture_output=True, text=True, cwd=tmp_path, check=True)
    assert helped.stdout.startswith("usage: make_images.py")
    assert subprocess.run([*script, "--level", "x"], capture_output=True, cwd=tmp_path).returncode == 2
    assert list(tmp_path.iterdir()) == []
