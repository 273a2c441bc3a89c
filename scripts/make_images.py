#!/usr/bin/env python3
"""Compile every kernel for both levels of the processor, and write the files of images that go into a wheel.

A file a level; a level that this machine is not cannot be made here (exit 78).
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from hq_cli._help import ENVIRONMENT
from hq_core.jit import Kernel, cache, images, machine, making

CACHE, PATH, JIT, PROCESSOR = (name for name, _ in ENVIRONMENT)
MADE_FOR = "MADE_FOR"  # the level that a process of this script is for


def made() -> list[Kernel]:
    """hq's kernels, in the cache of this process."""
    os.environ.pop(PATH, None)
    from hq_cli._warm import compile_all, kernels

    every = kernels()
    compile_all(every, False)
    return every


def image_of(kernel: Kernel) -> tuple[bytes, bytes, int] | None:
    """What goes into a file: the fingerprint, the code, where its entry lies; None where it has no image."""
    name = making.name_of(kernel)
    code, start = cache.parted((Path(cache.folder()) / f"{name}.img").read_bytes(), name)
    return (images.digest_of(kernel), code, start) if start < len(code) else None


def write(to: Path) -> None:
    """The file of the level that this process is for."""
    every = made()
    found = [image for kernel in every if (image := image_of(kernel)) is not None]
    distinct = {digest: (digest, code, start) for digest, code, start in found}
    to.write_bytes(images.packed(distinct.values()))
    without = sorted({kernel.name for kernel in every if image_of(kernel) is None})
    said = f"; without an image: {', '.join(without)}" if without else ""
    print(f"{to}: {len(distinct)} images, {to.stat().st_size} bytes{said}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where they are written; made where it is not there")
    folder = parser.parse_args().folder.resolve()
    if level := os.environ.get(MADE_FOR):
        write(folder / os.path.basename(images.path_of(level)))
        return
    folder.mkdir(parents=True, exist_ok=True)
    for level in machine.LEVELS:
        with tempfile.TemporaryDirectory() as kept:  # never what another compiler has left in somebody's cache
            environment = {**os.environ, CACHE: kept, PROCESSOR: level, MADE_FOR: level, JIT: "image"}
            ended = subprocess.run([sys.executable, __file__, str(folder)], env=environment, check=False)
        if ended.returncode:
            raise SystemExit(ended.returncode)


if __name__ == "__main__":
    main()
