"""hq warm: compile every kernel now, so that no later run waits for the compiler."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from hq_cli._filter import command
from hq_cli._say import INFO, echo, say, say_error, show
from hq_core.errors import CONFIG, HqError

if TYPE_CHECKING:
    from hq_core.jit import Kernel


BAR = 40  # characters of the progress bar
LONG = 2000  # bytes of a kernel's byte code, from which on it is compiled before all others


def kernels() -> list[Kernel]:
    """Every kernel that a module of hq_core declares or an indicator makes, the user's too, in order of their names."""
    import pkgutil
    from importlib import import_module

    import hq_core
    from hq_core import graph, jit, registry

    found = {jit.engine}
    for module in pkgutil.walk_packages(hq_core.__path__, "hq_core."):
        if module.name.startswith("hq_core.jit"):  # the machinery: its one kernel is named above
            continue
        for value in vars(import_module(module.name)).values():
            if isinstance(value, jit.Kernel):
                found.add(value)
    for name in (*registry.names(), *registry.users()):
        made = graph.Graph()
        try:
            made.indicator(name)
        except HqError as error:  # one of the user's is broken: the others are still to be compiled
            say_error(error)
            continue
        found |= {node.kernel for node in made.nodes}
    return sorted(found, key=lambda one: (one.name, one.function.__module__))


def compile_all(every: list[Kernel], shown: bool) -> int:
    """Compile each kernel that is not there, in one of as many processes as there are processors.

    Gives how many were not there before.
    """
    from hq_core.jit import ahead, cache, making, native

    missing = [kernel for kernel in every if not making.there(kernel)]
    if missing and cache.writable():
        missing.sort(key=lambda one: (len(one.function.__code__.co_code) < LONG, one.function.__module__ or ""))
        workers = ahead.Workers(missing, apart=True)
        while workers.wait():
            if shown:
                done = len(every) - len(missing) + workers.done
                whole = BAR * done // len(every)
                show(f"[{'#' * whole}{'.' * (BAR - whole)}] {done}/{len(every)} kernels")
        if shown:
            show("")
    for kernel in missing:
        if not making.there(kernel):  # it is wrong, which is told here, or its code cannot be kept
            native.address(kernel)
    return len(missing)


def without_image(every: list[Kernel]) -> list[str]:
    """A line for each reason why some kernels run through numba's own loader, which starts slower."""
    from hq_core.jit.native import loader_reason

    kernels: dict[str, list[str]] = {}
    for kernel in every:
        reason = loader_reason(kernel)
        if reason:
            kernels.setdefault(reason.partition(": ")[2], []).append(kernel.name)
    lines = []
    for reason, names in kernels.items():
        more = f" and {len(names) - 1} more" if names[1:] else ""
        lines.append(f"{names[0]}{more}: no image ({reason}), so numba's own loader is used")
    return lines


@command("hq warm", "hq warm")
def main() -> None:
    """Compile every kernel now, so that later runs start at once.

    Without it a command compiles what it is the first to need, most of it in a tenth of a second and the account in
    two; those of your own indicators are among them.  The machine code is kept in $HQ_CACHE (an absolute path), or
    in hq under $XDG_CACHE_HOME or ~/.cache; a kernel that changes is compiled anew, and one that can only run through
    numba's own loader is named.
    """
    from hq_core.jit import cache, machine, place

    where, why = place.place()
    if not where:
        raise HqError(why, CONFIG)
    machine.route()  # what is wrong with the environment is told here, not in each process
    machine.salt()
    started = time.monotonic()
    every = kernels()
    if not os.isatty(2):
        say(f"hq warm: {len(every)} kernels; each that is not there yet takes a tenth of a second or more", INFO)
    new = compile_all(every, os.isatty(2))
    for note in [*cache.notes, *without_image(every)]:
        say(f"hq warm: {note}")
    there = f"{len(every)} kernels are there, in {where} or with the package"
    echo(f"{there}, {new} of them compiled now, in {time.monotonic() - started:.1f} s")


if __name__ == "__main__":
    main()
