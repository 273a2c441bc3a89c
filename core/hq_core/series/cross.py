"""Cross-sections over panels: plans in turns, and the rows of a ts held until all of them have come."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

from hq_core.batch import NEVER, SCHEMA, Batch, described
from hq_core.errors import DATA, HqError
from hq_core.jit import Cell
from hq_core.kernels import across
from hq_core.memory import move
from hq_core.saved import Count, Damaged
from hq_core.say import iso_text
from hq_core.series.feed import unmerged
from hq_core.series.plan import Plan
from hq_core.stream.held import rows_of
from hq_core.stream.rows import Kept, Numbers, Permutation, Room, by_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from hq_core.graph import Scratch, Settings
    from hq_core.jit import Kernel
    from hq_core.series.base_panel import BasePanel
    from hq_core.series.expr import Expr
    from hq_core.series.rules import Watch

WAITING = 1_000_000  # rows of a panel that may wait for others of their ts
HELD = [(str, int, [(SCHEMA, Count, [bytes])])]  # what `save` gives of all names


class Crossing:
    """One cross-section.

    called  its name in the language;  what: of kernels/across.py
    x, by   its columns among those of its turn's plan; by -1: all symbols are one group
    name    what later plans call its values
    """

    __slots__ = ("by", "called", "name", "what", "x")

    def __init__(self, called: str, what: int, x: int, by: int, name: str) -> None:
        self.called = called
        self.what = what
        self.x = x
        self.by = by
        self.name = name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Crossing) and self.said() == other.said()

    __hash__ = None  # type: ignore[assignment]

    def said(self) -> tuple[int, int, int, str]:
        return self.what, self.x, self.by, self.name


class Turns:
    """What strategies with cross-sections compute: what these are made of, turn by turn, and then all that reads them.

    first      the plan of each turn; its columns are those that cross-sections are made of
    crossings  of each turn;  carried: of each turn, what later plans call its columns that they read, by their places
    last       the plan with the strategy's columns and rules
    """

    def __init__(
        self, columns: Mapping[str, Expr], settings: Settings, scratch: Scratch, watches: Sequence[Watch]
    ) -> None:
        self.first: list[Plan] = []
        self.crossings: list[list[Crossing]] = []
        self.carried: list[dict[int, str]] = []
        names: dict[int, tuple[str, int]] = {}
        for turn in _turns([*columns.values(), *(expr for watch in watches for expr in watch.exprs)]):
            self._turn(turn, names, settings, scratch)
        self.last = Plan(columns, settings, scratch, watches, names)

    def kernels(self) -> list[Kernel]:
        """What runs over the rows before `last` does."""
        return [*(one for plan in self.first for one in plan.kernels()), across.until, across.across]

    def _turn(
        self, exprs: Sequence[Expr], names: dict[int, tuple[str, int]], settings: Settings, scratch: Scratch
    ) -> None:
        number = len(self.first)
        plan = Plan({}, settings, scratch, carried=dict(names))
        asked: list[Any] = []
        carried: dict[int, str] = {}
        crossings: dict[tuple[int, int, int], Crossing] = {}

        def place(expr: Expr) -> int:
            column = plan.base.real(plan.column(expr))
            if column not in asked:
                asked.append(column)
            at = asked.index(column)
            if expr.op not in ("column", "const") and id(expr) not in names:
                names[id(expr)] = carried.setdefault(at, f"@{number}:{at}"), column.warmup
            return at

        for expr in exprs:
            x, by = expr.args
            assert isinstance(expr.data, tuple)
            called, what = expr.data
            key = what, place(x), -1 if by.constant is not None else place(by)
            one = crossings.setdefault(key, Crossing(called, *key, f"@{number}:across {len(crossings)}"))
            names[id(expr)] = one.name, max(asked[at].warmup for at in key[1:] if at >= 0)
        plan.columns = {str(at): column for at, column in enumerate(asked)}
        self.first.append(plan)
        self.carried.append(carried)
        self.crossings.append(list(crossings.values()))


def _turns(exprs: Iterable[Expr]) -> list[list[Expr]]:
    """The cross-sections among expressions and what they are made of: those that read none, those that read these."""
    level: dict[int, int] = {}
    found: list[list[Expr]] = []
    waiting = list(exprs)
    while waiting:
        expr = waiting[-1]
        fresh = [arg for arg in expr.args if id(arg) not in level] if id(expr) not in level else []
        if fresh:
            waiting += fresh
            continue
        waiting.pop()
        if id(expr) not in level:
            at = max((level[id(arg)] for arg in expr.args), default=0)
            if expr.op == "across":
                if at == len(found):
                    found.append([])
                found[at].append(expr)
                at += 1
            level[id(expr)] = at
    return found


class Member:
    """A panel of the cross-section of its period, and its rows that wait."""

    def __init__(self, base: BasePanel) -> None:
        self.base = base
        self.kept = Kept(base.schema)
        self.texts: dict[str, list[str]] = {}

    def batch(self, n: int) -> Batch:
        """The first n rows that wait."""
        kept = self.kept
        return Batch(kept.schema, n, list(kept.starts), kept, self.texts)


class CrossSection:
    """All panels of one name, whatever their columns: a ts is computed when no further row of it comes.

    That is said by a later row of each panel of the open section, or by a mark: by whoever calls `release`.
    """

    def __init__(self, key: str) -> None:
        self.key = key
        self.members: list[Member] = []
        self.passed = NEVER  # ts that have been computed, up to this one
        self._until, self._across = Cell(across.until), Cell(across.across)
        self._rows: list[Numbers] = [Numbers(), Numbers(), Numbers(), Numbers()]
        self._values = Room()
        self._together = Room()
        self._moved, self._by_time = Permutation(), Cell(by_time)

    @property
    def waiting(self) -> int:
        return sum(member.kept.n for member in self.members)

    def add(self, base: BasePanel) -> Member:
        member = Member(base)
        turns = self.members[0].base.turns if self.members else base.turns
        if turns is None or base.turns is None or turns.crossings != base.turns.crossings:
            what = f"{base.schema.key}: other columns than those of the panel before make its cross-sections others"
            raise HqError(what, DATA, hint="give all symbols the columns that the strategy reads")
        self.members.append(member)
        return member

    def take(self, member: Member, batch: Batch) -> None:
        """Rows of a panel, which rise.  Raises HqError DATA for those whose ts has been computed without them."""
        if batch.last_whole() >= 0:
            ts = batch.view("ts")
            first = 0 if batch.schema.flag < 0 else bytes(batch.view("complete")).find(1)
            if ts[first] <= self.passed:
                late = f"the row of {iso_text(ts[first])} comes after the ts up to {iso_text(self.passed)}"
                raise unmerged(f"{self.key}: {late} were whole, so that its cross-section lacks it")
        kept = member.kept
        move(kept.reserve(batch.n), batch.addresses, batch.schema.widths, batch.n)
        kept.commit(batch.n)
        member.texts = batch.texts

    def release(self, limit: int, write: Callable[[BasePanel, Batch, Mapping[str, int]], None]) -> None:
        """Compute the rows before `limit`, of which no further ones come, and write them."""
        self.passed = max(self.passed, limit - 1)
        batches = [(member, member.batch(n)) for member in self.members if (n := self._ready(member, limit))]
        if not batches:
            return
        for member, batch in batches:
            member.base.apart.begin(batch)
        carried = self._computed(batches)
        for (member, batch), values in zip(batches, carried):
            write(member.base, batch, values)
        for member, batch in batches:
            member.kept.drop(batch.n)

    def check(self) -> None:
        """Raises HqError DATA where more rows wait than any ts may have."""
        if self.waiting > WAITING:
            raise unmerged(f"{self.key}: {self.waiting} rows wait for a later ts in all panels of that name, or a mark")

    def _ready(self, member: Member, limit: int) -> int:
        n = member.kept.n
        if not n:
            return 0
        batch, cell = member.batch(n), self._until
        forming = batch.schema.flag >= 0
        cell.column("ts", batch.address("ts"), n)
        cell.column("complete", batch.addresses[batch.schema.flag] if forming else 0, n if forming else 0)
        cell.set(limit=limit)
        cell.run()
        return int(cell.state.ready)

    def _computed(self, batches: Sequence[tuple[Member, Batch]]) -> list[dict[str, int]]:
        """The values of all cross-sections for the rows of each panel, by their names, and what else is carried."""
        turns = batches[0][0].base.turns
        assert turns is not None
        columns = sum(len(plan.columns) + len(found) for plan, found in zip(turns.first, turns.crossings))
        places = self._values.columns([8 * batch.n for _, batch in batches for _ in range(columns)], 1)
        lie = [iter(places[i * columns : (i + 1) * columns]) for i in range(len(batches))]
        carried: list[dict[str, int]] = [{} for _ in batches]
        for turn, plan in enumerate(turns.first):
            made = []
            for (member, batch), known, here in zip(batches, carried, lie):
                to = [next(here) for _ in plan.columns]
                wanted = member.base.apart.run(turn, batch, known)
                member.base.apart.put(batch.n, [8] * len(to), wanted, to)
                made.append(to)
            for crossing in turns.crossings[turn]:
                outs = [next(here) for here in lie]
                self._cross(crossing, batches, made, outs)
                for known, out in zip(carried, outs):
                    known[crossing.name] = out
            for known, to in zip(carried, made):
                known.update({name: to[at] for at, name in turns.carried[turn].items()})
        return carried

    def _cross(
        self,
        crossing: Crossing,
        batches: Sequence[tuple[Member, Batch]],
        made: Sequence[Sequence[int]],
        outs: Sequence[int],
    ) -> None:
        """One cross-section over the rows of all panels."""
        n = sum(batch.n for _, batch in batches)
        index, spare = self._rows[0].at(n), self._rows[1].at(n)
        reads = [-1, crossing.x, *([crossing.by] if crossing.by >= 0 else [])]
        if len(batches) == 1:
            batch = batches[0][1]
            lie = [batch.address("ts"), *(made[0][at] for at in reads[1:])]
            forming = batch.addresses[batch.schema.flag] if batch.schema.flag >= 0 else 0
            self._run(crossing.what, n, [*lie, forming, index, spare, outs[0]])
            return
        flags, flag, order, result, *columns = self._together.columns([1, 1, 8, 8, *([8] * 2 * len(reads))], n)
        into, lie = columns[: len(reads)], columns[len(reads) :]
        start = 0
        for (_, batch), columns_ in zip(batches, made):
            there = [batch.address("ts"), *(columns_[at] for at in reads[1:])]
            move([at + 8 * start for at in into], there, [8] * len(reads), batch.n)
            complete = bytes(batch.view("complete")) if batch.schema.flag >= 0 else b"\1" * batch.n
            array_ = array("b", complete)
            move([flags + start], [array_.buffer_info()[0]], [1], batch.n)
            start += batch.n
        self._in_order(batches, into[0], order, spare, n)
        self._moved.take(order, n, [1, *[8] * len(reads)], [flags, *into], [flag, *lie])
        self._run(crossing.what, n, [*lie, flag, index, spare, result])
        self._moved.put(order, n, [8], [result], [into[0]])
        start = 0
        for (_, batch), out in zip(batches, outs):
            move([out], [into[0] + 8 * start], [8], batch.n)
            start += batch.n

    def _in_order(self, batches: Sequence[tuple[Member, Batch]], ts: int, order: int, spare: int, n: int) -> None:
        """The rows of several panels by ts, and those of a ts by the text of their symbol."""
        words = sorted({word for _, batch in batches for word in batch.texts["symbol"]})
        rank = dict(zip(words, range(len(words))))
        ranks = array("q")
        for _, batch in batches:
            of_code = array("q", map(rank.__getitem__, batch.texts["symbol"]))
            ranks.extend(map(of_code.__getitem__, batch.view("symbol").tolist()))
        cell = self._by_time
        cell.column("ts", ts, n)
        cell.column("rank", ranks.buffer_info()[0], n)
        cell.column("order", order, n)
        cell.column("spare", spare, n)
        cell.run()

    def _run(self, what: int, n: int, lie: Sequence[int]) -> None:
        cell = self._across
        ts, x, *more = lie
        by = more.pop(0) if len(more) == 5 else 0
        complete, index, spare, out = more
        cell.set(what=what)
        for name, at, rows in (
            ("ts", ts, n),
            ("complete", complete, n if complete else 0),
            ("x", x, n),
            ("by", by, n if by else 0),
            ("index", index, n),
            ("spare", spare, n),
            ("out", out, n),
        ):
            cell.column(name, at, rows)
        cell.run()

    # -- state -------------------------------------------------------------------------------------------
    def save(self) -> list[Any]:
        kept = [member.kept for member in self.members]
        rows = [[described(one.schema), one.n, one.columns() if one.n else []] for one in kept]
        return [self.key, self.passed, rows]

    def put(self, member: Member, n: int, columns: list[bytes], texts: dict[str, list[str]]) -> None:
        """Rows that waited when a state was saved."""
        member.texts = texts
        if n:
            schema = member.kept.schema
            batch = rows_of(schema, n, columns)
            codes = batch.view("symbol").tolist()
            if not 0 <= min(codes) <= max(codes) < len(texts.get("symbol", ())):
                raise Damaged(f"{self.key}: rows wait with codes that have no text")
            move(member.kept.reserve(n), batch.addresses, schema.widths, n)
            member.kept.commit(n)
