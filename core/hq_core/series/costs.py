"""What a plan computes, to be read: its nodes by number, how many rows each warms up, and what a row of it costs."""

from __future__ import annotations

import math
from array import array
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any

from hq_core.batch import WIDTHS, period_text
from hq_core.graph import AS, IN, PIECE
from hq_core.kernels import across
from hq_core.kinds import ORDER
from hq_core.memory import room
from hq_core.series.expr import clock_text
from hq_core.series.plan import source_name
from hq_core.series.rules import KEY_OF_UNIT, Watch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hq_core.graph import Graph, GraphColumn, Node
    from hq_core.series.cross import Turns
    from hq_core.series.plan import Plan
    from hq_core.series.rules import CheckedRule, Said

TURNS = 40  # of which the fastest counts


def costs(plan: Plan, turns: Turns | None = None) -> list[str]:
    """A line a node, in the order in which they run, those on the rows of other series first; then a line a rule.

    The cost is measured here and now, over rows that rise and fall; of a cross-section, over those of 500 symbols.
    turns  what is computed before the plan
    """
    names: dict[str, str] = {}
    lines: list[str] = []
    number = 0
    for clock, (graph, asked) in plan.others.items():
        shown = _lines(graph, list(asked), names, number, f" on {clock_text(clock)}")
        lines += shown[0]
        number = shown[2]
        for i, out in enumerate(asked):
            names[source_name(clock, i)] = f"{_said(out, shown[1], names)}@{clock_text(clock)}"
    for one, crossings, carried in zip(turns.first, turns.crossings, turns.carried) if turns else ():
        outs = list(one.columns.values())
        shown = _lines(one.base, outs, names, number, "")
        lines += shown[0]
        number = shown[2]
        said = [_said(out, shown[1], names) for out in outs]
        names.update({name: said[at] for at, name in carried.items()})
        for crossing in crossings:
            number += 1
            names[crossing.name] = f"#{number}"
            by = f", by={said[crossing.by]}" if crossing.by >= 0 else ""
            text = f"{crossing.called}({said[crossing.x]}{by}) over the symbols of a ts"
            text = f"{names[crossing.name]:>5}  {text}"
            cost = _cost_across(crossing.what, crossing.by >= 0)
            lines.append(f"{text:<56}  warm-up {outs[crossing.x].warmup:<6}{cost:7.2f} ns a row")
    shown = _lines(plan.base, [*plan.columns.values(), *plan.watched], names, number, "")
    lines += shown[0]
    lines += [f"column {name}: {_said(out, shown[1], names)}" for name, out in plan.columns.items()]
    every: Sequence[Any] = plan.watches  # rules, and what strategies in Python ask for
    for watch in every:
        watched = plan.watched
        if not isinstance(watch, Watch):
            has = [f"{name} = {_said(watched[at], shown[1], names)}" for name, at in zip(watch.names, watch.columns)]
            beside = f", in which {', '.join(has)}" if has else ""
            lines.append(f"{watch.strategy}, in Python: next(row) with each closed row{beside}")
            continue
        rule = watch.rule
        told = {**watch.prices, **{f"meta.{key}": one for key, one in watch.meta.items()}}
        if rule.size is not None:
            told = {KEY_OF_UNIT[ORDER.codes["unit"][str(rule.unit)]]: watch.size, **told}
        given = [f"{key}={_ordered(one, watched, shown[1], names)}" for key, one in told.items()] + _lasting(rule)
        where = f"{watch.strategy}, rule {rule.number}"
        lines.append(f"{where}: IF {_said(watched[watch.condition], shown[1], names)} THEN {rule.action}")
        lines[-1] += f"({', '.join(given)})" if given else ""
    return lines


def _lines(
    graph: Graph, wanted: list[GraphColumn], names: dict[str, str], before: int, where: str
) -> tuple[list[str], dict[int, str], int]:
    graph.compile(wanted)
    costs = _costs(graph, wanted)
    numbers = {node.number: f"#{i}" for i, node in enumerate(graph.nodes, before + 1)}
    lines = []
    for node in graph.nodes:
        cost = costs.get(node.number)
        row = "" if cost is None else f"{cost:7.2f} ns a row"
        text = f"{numbers[node.number]:>5}  {_shown(node, numbers, names)}{where}"
        lines.append(f"{text:<56}  warm-up {node.warmup:<6}{row}".rstrip())
    return lines, numbers, before + len(graph.nodes)


def _shown(node: Node, numbers: dict[int, str], names: dict[str, str]) -> str:
    params = [f"{name}={value:g}" for name, value in node.params]
    return f"{node.kernel.name}({', '.join([*(_said(one, numbers, names) for one in node.inputs), *params])})"


def _said(out: GraphColumn, numbers: dict[int, str], names: dict[str, str]) -> str:
    if out.node is None:
        if not out.source:
            return f"{out.constant:.15g}"
        name = names.get(out.source, out.source).partition(AS)[0]
        return name.replace(IN, " in ")
    more = f".{node_out}" if len(out.node.outputs) > 1 and (node_out := out.node.outputs[out.index]) else ""
    return numbers[out.node.number] + more


def _ordered(one: Said, watched: list[GraphColumn], numbers: dict[int, str], names: dict[str, str]) -> str:
    """What an order has of a number, text or time of a rule."""
    if one.at >= 0:
        return _said(watched[one.at], numbers, names)
    if one.text is not None:
        return f'"{one.text}"'
    if one.truth:
        return "TRUE" if one.fixed == 1.0 else "FALSE"
    return one.name or f"{one.fixed:.15g}"


def _lasting(rule: CheckedRule) -> list[str]:
    """How long a rule's orders work, and its flags."""
    found = [f'expire="{period_text(rule.expire)}"'] if rule.expire else []
    if rule.life is not None and not rule.expire:
        found = [f'tif="{ORDER.codes["tif"][str(rule.life)]}"']
    return found + [f"{name}={'TRUE' if value else 'FALSE'}" for name, value in rule.flags.items()]


def _costs(graph: Graph, wanted: list[GraphColumn]) -> dict[int, float]:
    """ns a row of each node by its number; of a variable's nodes, which run together, at the one that remembers."""
    n = min(PIECE, graph.piece)
    values = array("d", (100.0 + (i * 7919 % 1000) / 100 for i in range(n)))
    times = array("q", (1_700_000_000_000_000_000 + i * 60_000_000_000 for i in range(n)))
    small = array("q", bytes(8 * n))
    held = {"f8": values.buffer_info()[0], "i8": times.buffer_info()[0]}
    sources = {key: held.get(key.partition(AS)[2] or "f8", small.buffer_info()[0]) for key in graph.sources}
    outs = [array("q") for _ in wanted]
    at = [room(memory, n * WIDTHS[out.kind] // 8 + 1) for memory, out in zip(outs, wanted)]
    best: dict[int, float] = {}
    for _ in range(TURNS):
        for node, run in graph.apart(sources, n, at):
            if hasattr(node.tables, "check"):
                continue  # it asks somebody else
            started = perf_counter_ns()
            run()
            spent = (perf_counter_ns() - started) / n
            best[node.number] = min(spent, best.get(node.number, spent))
    return best


def _cost_across(what: int, grouped: bool) -> float:
    """ns a row of a cross-section over 500 symbols."""
    from hq_core.jit import Cell

    n = 8 * 500
    cell = Cell(across.across)
    cell.set(what=what)
    cell.buffer("ts", array("q", (i // 500 for i in range(n))))
    cell.buffer("x", array("d", (100.0 + (i * 7919 % 1000) / 100 for i in range(n))))
    cell.buffer("by", array("d", (float(i % 11) for i in range(n if grouped else 0))))
    for name in ("index", "spare"):
        cell.buffer(name, array("q", bytes(8 * n)))
    cell.buffer("out", array("d", bytes(8 * n)))
    cell.column("complete", 0, 0)
    best = math.inf
    for _ in range(TURNS):
        started = perf_counter_ns()
        cell.run()
        best = min(best, (perf_counter_ns() - started) / n)
    return best
