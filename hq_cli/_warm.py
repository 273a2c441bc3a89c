"""hq warm: compile every kernel now, so that no later run waits for the compiler."""
from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

import click

from hq_cli._filter import command, say
from hq_core.errors import CONFIG, HqError

if TYPE_CHECKING:
    from hq_core.jit import Kernel


def kernels() -> list[Kernel]:
    """Every kernel that a module of hq_core declares, in order of their names."""
    import pkgutil
    from importlib import import_module

    import hq_core
    from hq_core import jit, registry

    found = {jit.engine}
    for module in pkgutil.walk_packages(hq_core.__path__, "hq_core."):
        if module.name.startswith("hq_core.jit"):       # the machinery: its one kernel is named above
            continue
        for value in vars(import_module(module.name)).values():
            if isinstance(value, registry.Indicator):
                found.add(value.kernel)
            elif isinstance(value, jit.Kernel):
                found.add(value)
    return sorted(found, key=lambda one: (one.name, one.function.__module__))


@command("hq warm", "hq warm")
def main() -> None:
    """Compile every kernel now, so that later runs start at once.

    Without it each kernel is compiled when it is first used, about a tenth of a second each.  The machine code is
    kept in $HQ_CACHE, or in hq under $XDG_CACHE_HOME or ~/.cache; a kernel that changes is compiled anew.
    """
    from hq_core.jit import address, cache

    where = cache.folder()
    if not where:
        raise HqError(cache.notes[-1], CONFIG)
    before = set(os.listdir(where))
    started = time.monotonic()
    every = kernels()
    shown = os.isatty(2)
    for i, kernel in enumerate(every):
        if shown:
            sys.stderr.write(f"\r{i + 1}/{len(every)} {kernel.name:<40}")
            sys.stderr.flush()
        address(kernel)
    if shown:
        sys.stderr.write("\r" + " " * 50 + "\r")
    new = sum(name.endswith(".img") for name in set(os.listdir(where)) - before)
    for note in dict.fromkeys(cache.notes):
        say(f"hq warm: {note}")
    click.echo(f"{len(every)} kernels in {where}, {new} of them compiled now, in {time.monotonic() - started:.1f} s")


if __name__ == "__main__":
    main()
