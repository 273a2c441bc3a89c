"""The names that a strategy may use: parameters, what it assigned, columns; and on which clock they are read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hq_core.batch import period_ns
from hq_core.kinds import ACCOUNT
from hq_core.lang import tree
from hq_core.lang.source import LangError, StrategyText, UnknownName, nearest
from hq_core.lang.words import COLUMNS, PRICES, SERIES, TIMES
from hq_core.series.expr import BASE, BOOL, F8, HIT, I8, OPEN, STORE, TEXT, Expr, clock_of, column, constant, of_account

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from hq_core.lang.variable import Own
    from hq_core.series.expr import Clock
    from hq_core.series.stores import Store


class Scope:
    """What the names of one program stand for, over one base series.

    columns   what the base's rows have; None: take any unknown name for a column
    said      symbol and period of the base where known, as texts; here: as a clock: a reference to them is the base
    given     parameters set from outside
    names     parameters and assigned names, as expressions; parameters: which of them are parameters
    symbols   that are named
    beyond    where another series may be read;  reads: where each is, by symbol and period in ns
    called    which of SERIES are read
    across    the calls that look over the symbols of a panel
    clock     what a bare column name is read on
    stores    stores of vectors that are given, by the names that they go by; None: any may be
    texts     columns of the base that are texts
    account   what refuses each reading of what only the account knows, where there is none; whose: which strategy's
    own       the VAR whose value is being checked
    below     the line of each name that is given further down
    taken     unknown names that were taken for columns, by their places
    """

    def __init__(
        self,
        source: StrategyText,
        columns: Collection[str] | None = COLUMNS,
        here: tuple[str, str] = ("", ""),
        given: Mapping[str, float | str] | None = None,
        stores: Mapping[str, Store] | None = None,
        whose: str = "",
    ) -> None:
        self.source = source
        self.columns = columns
        self.said = here
        self.here = here[0], period_ns(here[1])
        self.given = given or {}
        self.stores = stores
        self.names: dict[str, Expr] = {}
        self.parameters: set[str] = set()
        self.symbols: set[str] = set()
        self.beyond: list[tuple[StrategyText, tree.Syntax]] = []
        self.reads: dict[Clock, tuple[StrategyText, tree.Syntax]] = {}
        self.called: set[str] = set()
        self.across: list[tuple[StrategyText, tree.Call]] = []
        self.clock = BASE
        self.texts: frozenset[str] = frozenset()
        self.account: list[LangError] = []
        self.whose = whose
        self.own: Own | None = None
        self.below: dict[str, int] = {}
        self.taken: dict[tuple[int, int], tree.Name] = {}

    def wrong(self, node: tree.Syntax, reason: str) -> LangError:
        return LangError(self.source, node.start, node.end, reason)

    def refuse_account(self) -> None:
        """Refuse what reads the account where there is none."""
        if self.account:
            raise self.account[0]

    def define(self, name: tree.Name, expr: Expr) -> None:
        if name.name in self.names:
            raise self.wrong(name, f"'{name.name}' is defined already; a name is given once")
        if name.name in COLUMNS or name.name in TIMES:
            raise self.wrong(name, f"'{name.name}' is a column of the input")
        self.names[name.name] = expr

    def name(self, node: tree.Name) -> Expr:
        """What a name stands for here."""
        name = node.name
        if self.own is not None and name == self.own.name:
            raise self.wrong(node, f"the value of '{name}' is made here; {name}[1] is the one of the row before")
        if name in self.names:
            if self.clock != BASE and self.names[name].clock not in (None, OPEN, self.clock):
                raise self.wrong(node, f"'{name}' has a clock of its own and cannot be read on another")
            return self.names[name]
        if name in TIMES:
            raise self.wrong(node, f"'{name}' is a time, which only META takes")
        if name in SERIES and name not in (self.columns or ()):
            self.called.add(name)
            return constant(self.said[SERIES.index(name)])
        if name in ACCOUNT and name not in (self.columns or ()):
            return self._of_account(node)
        if name in self.below and name not in (self.columns or ()):
            told = f"'{name}' is given on line {self.below[name]}, and is read above it"
            raise self.wrong(node, told + (f"; a VAR sees itself alone: {self.own.name}[1]" if self.own else ""))
        if self._is_column(name):
            if self.columns is None and name not in COLUMNS:
                self.taken[node.start, node.end] = node
            return column(name, self.clock, TEXT if name in self.texts and self.clock == BASE else F8)
        if name in COLUMNS:
            raise self.wrong(node, f"the input has no column '{name}'")
        raise self.unknown(node, name)

    def _of_account(self, node: tree.Name) -> Expr:
        if self.clock != BASE:
            raise self.wrong(node, f"'{node.name}' is of the account, which is read at the strategy's own bars alone")
        told = f"'{node.name}' is of the account, which hq-signal does not have: hq-backtest runs such a strategy"
        self.account.append(self.wrong(node, f"{told}, as in hq-backtest STRATEGY.hq < bars"))
        return of_account(self.whose, node.name)

    def quoted(self, node: tree.Column) -> Expr:
        """The column that stands between backquotes."""
        if self._is_column(node.name):
            return column(node.name, self.clock)
        raise self.unknown(node, node.name)

    def unknown(self, node: tree.Syntax, name: str) -> UnknownName:
        known = [*self.names, *map(_writable, self.columns or ()), *COLUMNS]
        hint = nearest(name, known) or (f"; {name.upper()} is a function: {name}(...)" if _function(name) else "")
        return UnknownName(self.source, node.start, node.end, f"unknown name '{name}'" + hint)

    def exact(self, node: tree.Output | tree.Elsewhere) -> Expr | None:
        """The column of just this name, as hq-indicators has macd.hist, ema_10_close@4h, bbands_20_close@4h.upper.

        None where the base has none.  Where its columns are not known, what else would be wrong is taken for one.
        """
        name = spelled(node)
        if isinstance(node, tree.Elsewhere) or "@" in name:
            self.beyond.append((self.source, node))
        if not name or self.given_name(name):
            return None
        if self.columns is None:
            reference = isinstance(node, tree.Elsewhere) and isinstance(node.operand, tree.Name)
            return None if reference or _first(name) in COLUMNS else column(name, self.clock)
        here = self.clock == BASE or isinstance(node, tree.Output) and "@" not in name
        return column(name, self.clock) if here and name in self.columns else None

    def default(self, node: tree.Syntax, name: str) -> Expr:
        """The column that an indicator reads if none is given; times are numbers to it."""
        if name in TIMES:
            return column(name, self.clock)
        return self.name(tree.Name(node.start, node.end, name))

    def elsewhere(self, node: tree.Elsewhere) -> Clock:
        """The clock of a reference."""
        symbol, period = node.symbol, node.period
        self.reads.setdefault((symbol, period_ns(period)), (self.source, node))
        if symbol:
            self.symbols.add(symbol)
        return clock_of(symbol, period, self.here)

    def number(self, node: tree.Syntax, expr: Expr) -> Expr:
        """The expression, which must be a number or a series, not a condition or a text."""
        if not expr.numeric:
            raise self.wrong(node, f"a {word(expr)} is no number" + pick(expr))
        return expr

    def beside(self, source: StrategyText) -> Scope:
        """That of a file that this one uses, over the same series."""
        found = Scope(source, self.columns, self.said, whose=self.whose)
        found.texts, found.symbols, found.called = self.texts, self.symbols, self.called
        found.beyond, found.across, found.account = self.beyond, self.across, self.account
        found.reads = self.reads
        return found

    def given_name(self, name: str) -> bool:
        """Whether a spelled name begins with one that the file gives."""
        return _first(name) in self.names

    def _is_column(self, name: str) -> bool:
        if self.columns is None or name in self.columns:
            return True
        return self.clock != BASE and name in COLUMNS  # what another stream has is seen when it comes


def spelled(node: tree.Syntax) -> str:
    """The name that NAME, NAME.OUTPUT and NAME@WHERE write; '' where it is no name."""
    if isinstance(node, tree.Name):
        return node.name
    if isinstance(node, (tree.Output, tree.Elsewhere)):
        before = spelled(node.operand)
        more = f".{node.name.name}" if isinstance(node, tree.Output) else f"@{node.where}"
        return before + more if before else ""
    return ""


def _first(name: str) -> str:
    return name.partition(".")[0].partition("@")[0]


def _function(name: str) -> bool:
    """Whether the language has a function of this name."""
    from hq_core import registry
    from hq_core.lang.builtins import BUILTINS  # only an error pays for it

    return name.upper() in BUILTINS or name.lower() in registry.names()


def _writable(column: str) -> str:
    """A column's name as a strategy writes it."""
    from re import fullmatch

    plain = fullmatch(r"[^\W\d]\w*(@[A-Za-z0-9_]+(:[0-9]+[A-Za-z]+)?)?(\.[^\W\d]\w*)?", column)
    return column if plain else f"`{column}`"


def word(expr: Expr) -> str:
    """What messages call an expression."""
    if expr.outputs:
        return "hit" if expr.dtype == HIT else "call with several outputs"
    named = {BOOL: "bool", TEXT: "text", I8: "time", STORE: "store"}.get(expr.dtype)
    if expr.dtype.startswith("f4x"):
        return f"vector of {expr.dtype[3:]}"
    if named is not None:
        return named
    while expr.op == "lag":
        expr = expr.args[0]
    if expr.op == "const":
        return "number"
    return "price" if expr.op == "column" and expr.data in PRICES else "series"


def pick(expr: Expr) -> str:
    """What to add to a message about an expression that still has several outputs."""
    return "; pick an output: " + ", ".join("." + name for name in expr.outputs) if expr.outputs else ""
