"""Whether the files of one input make one series: by their names, and by how far apart the first rows of each are."""

from __future__ import annotations

from math import gcd
from typing import TYPE_CHECKING, Any

from hq_core.batch import period_text
from hq_core.errors import DATA, HqError
from hq_core.formats.filenames import named, two_periods, two_symbols

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from hq_core.formats.plan import FieldPlan

MOST = 100  # bars of a file that are looked at
LEAST = 5  # distances that agree, before they speak against a period that was given: bars may be missing


class FilesDiffer(HqError):
    """Two files, both named, are not one series."""


class Together:
    """Files that are read one after the other: those of an archive, or of a command line; a pipe is one alone.

    remark   takes a line that the user should know
    name     the file that is being read;  first: the first one
    looking  bars of this file are still to be looked at
    """

    def __init__(self, remark: Callable[[str], None]) -> None:
        self.remark = remark
        self.first = self.name = self._unnamed = self._where = ""
        self._plan: FieldPlan | None = None  # of the file before
        self._spaced: dict[tuple[str, int], tuple[str, int]] = {}  # symbol and period -> a file, the period it shows
        self._begin()

    def _begin(self) -> None:
        self.looking = True
        self._of: tuple[FieldPlan, str, int] | None = None
        self._seen: list[int] = []  # times of bars, or how long they last where a file has both their times

    def enter(self, name: str, where: str = "") -> None:
        """The file `name` begins, `where` is what holds it.  Raises HqError if the last one was of another period."""
        self.end()
        self.name, self._where = name, where
        self.first = self.first or name
        self._begin()

    def end(self) -> None:
        """This file has no more rows.  Raises HqError if it is of another period than one before."""
        if self._of is not None:
            if self.looking:
                self.looking = False
                self._judge()
            self._plan, self._of = self._of[0], None
        self.looking = False

    # -- names -------------------------------------------------------------------------------------------
    def unnamed(self, name: str) -> None:
        """Nothing but the name of a file says its symbol.  Raises HqError if an earlier one's says another."""
        self._unnamed = self._unnamed or name
        self.same_symbol(self._unnamed, name)

    def same_symbol(self, first: str, name: str) -> None:
        """Raises HqError if the names of two files say two symbols."""
        one, other = named(first)[0], named(name)[0]
        if two_symbols(one, other):
            raise self.apart(first, name, f"are of {one} and {other}", "--symbol")

    def same_period(self, first: str, name: str) -> None:
        """Raises HqError if the names of two files say two periods."""
        one, other = named(first)[1], named(name)[1]
        if two_periods(one, other):
            raise self.apart(first, name, f"hold {one} and {other}", "--period")

    def apart(self, first: str, name: str, how: str, option: str = "") -> FilesDiffer:
        """The error for two files that are not one series."""
        said = f", unless {option} says what all of them are" if option else ""
        return FilesDiffer(f"{self._where}{first} and {name} {how}: import them one by one{said}", DATA)

    # -- rows --------------------------------------------------------------------------------------------
    @property
    def symbol(self) -> str:
        """Whose rows of this file are looked at; '' as long as none has come."""
        return self._of[1] if self._of is not None else ""

    def look(self, plan: FieldPlan, symbol: str, columns: dict[str, Any], rows: Iterable[int], loose: int) -> None:
        """Look at these rows, if they are of the first symbol of this file and among its first rows.

        loose  ns by which bars of the period differ.  Raises HqError if the files are of different periods.
        """
        if self._of is None:
            self._of = plan, symbol, loose
        self.looking = plan.kind == "bar"
        if not self.looking or self._of[0] is not plan or self._of[1] != symbol:
            return
        complete = columns.get("complete")
        take = plan.measure(columns)
        for i in rows:
            if len(self._seen) == MOST:  # the same rows wherever a block ends
                break
            if complete is None or complete[i]:
                self._seen.append(take(i))
        if self._plan is plan and not plan.given and not plan.lasting:
            finer = [apart for apart in self._distances() if apart < plan.period - loose]
            if finer:  # rows that lie too near say so at once, whatever comes
                raise self._two(self.first, plan.period, finer[0], "--period")
        if len(self._seen) >= MOST:
            self.looking = False
            self._judge()

    def _distances(self) -> list[int]:
        return [abs(b - a) for a, b in zip(self._seen, self._seen[1:]) if a != b]

    def _shown(self, plan: FieldPlan, loose: int) -> int:
        """The period that the rows show: how long they last, or the greatest that all are whole numbers of apart.

        0 if they do not show any.
        """
        if plan.lasting:
            longest = max(self._seen, default=0)
            return plan.period if abs(longest - plan.period) <= loose else longest
        distances = self._distances()
        if len(distances) < (LEAST if plan.given else 1):
            return 0
        steps = 0
        for apart in distances:
            count = (apart + plan.period // 2) // plan.period
            if abs(apart - count * plan.period) > loose * count:
                return 0
            steps = gcd(steps, count)
        return steps * plan.period

    def _judge(self) -> None:
        assert self._of is not None
        plan, symbol, loose = self._of
        if plan.period < 1:
            return
        shown = self._shown(plan, loose)
        if not shown:
            return
        if not plan.given:
            if self._plan is plan and shown != plan.period:
                raise self._two(self.first, plan.period, shown, "--period")
            return
        new = (symbol, plan.period) not in self._spaced
        before, was = self._spaced.setdefault((symbol, plan.period), (self.name, shown))
        if abs(was - shown) > loose:
            raise self._two(before, was, shown)
        if new and shown != plan.period:
            self.remark(
                f"rows {'last' if plan.lasting else 'are'} {_text(shown)}{'' if plan.lasting else ' apart'}, "
                f"the period is {plan.period_text}"
            )

    def _two(self, before: str, was: int, shown: int, option: str = "") -> FilesDiffer:
        return self.apart(before, self.name, f"hold {_text(was)} and {_text(shown)}", option)


def _text(ns: int) -> str:
    return period_text(ns) or f"{ns / 1e9:g} s"
