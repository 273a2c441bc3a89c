"""hq-signal: strategies read bars, or factors, and write their orders."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

from hq_core.batch import (
    EVER,
    SCHEMA,
    Schema,
    described,
    gives_symbols,
    period_ns,
    series_key,
    series_of,
    stretches,
    undescribed,
)
from hq_core.errors import DATA, USAGE, HqError
from hq_core.graph import Scratch, settings_of
from hq_core.kinds import BAR
from hq_core.lang.scope import word
from hq_core.lang.source import LangError, nearest
from hq_core.lang.strategy import Strategy, check_names, set_parameters
from hq_core.lang.used import content
from hq_core.options.settings import SettingsOptions
from hq_core.options.signal import StrategyOptions
from hq_core.registry import digests
from hq_core.roles import Stage
from hq_core.saved import Damaged, digest, taking
from hq_core.series.costs import costs
from hq_core.series.expr import BOOL, F8, HIT, scored
from hq_core.series.memories import Memories
from hq_core.series.order_columns import FurtherColumns, meta_types
from hq_core.series.orders import Laying, Orders, ordered
from hq_core.series.plan import Plan
from hq_core.series.readers import READERS, NeverCame, Readers, elsewhere
from hq_core.series.rules import watches
from hq_core.series.unit import UNIT, Unit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hq_core.batch import Batch
    from hq_core.graph import Settings
    from hq_core.jit import Kernel
    from hq_core.lang import tree
    from hq_core.lang.check import Checker
    from hq_core.lang.source import StrategyText
    from hq_core.roles import Out
    from hq_core.series.cross import Turns
    from hq_core.series.expr import Expr
    from hq_core.series.growing import Growing
    from hq_core.series.inside import Desk, InsideUnit
    from hq_core.series.inside_group import InsideGroup
    from hq_core.series.orders import Tell
    from hq_core.series.panels import Panels
    from hq_core.series.rules import CheckedRule
    from hq_core.series.stores import Store
    from hq_core.series.unit import Ordering
    from hq_core.strategies.load import PythonStrategy
    from hq_core.strategies.orders import PythonOrders
    from hq_core.strategies.running import Asked, Running
    from hq_core.stream.handover import Handover


class Symbol:
    """The bar series of one symbol, and panels that it stands in, by period.

    base  the finest one, or the one asked for; None where there is none, or it is not known yet
    unit  what runs on it; None where its rows have come in panels alone
    """

    __slots__ = ("base", "schemas", "settled", "unit")

    def __init__(self) -> None:
        self.schemas: dict[str, Schema] = {}
        self.settled = False
        self.base: Schema | None = None
        self.unit: Unit | None = None


class Signal(Stage):
    """Runs strategies over the base series of every symbol and writes their orders, as rows before its own.

    It runs on bars; where factors come and no bars are announced before their first row, on factors.

    All other rows pass untouched, and those of the base but for the names that are kept.  Panels come as they are where
    no strategy reads another series, and are taken apart where one does, is in Python, reads the stream's vectors, or
    asks for the symbol before the first row.

    files     (name, text, what errors call it) of each strategy in the language
    python    FILE:CLASS of each strategy in Python, or the class (hq_core/strategies)
    period    the base's period; empty: the finest that is announced
    params    parameters set from outside, NAME or STRATEGY.NAME
    keep      assigned names that become columns as well, as a,b or in a sequence
    signals   write the orders, and nothing else
    settings  whose rules the indicators follow
    missing   error or warn: what it is when a series that a strategy reads is not in the input
    stores    stores of vectors, by the names that strategies call them by; a Growing one takes the stream's
    timeless  such vectors need no avail_ts
    tell      is given each rule that holds, as a dict, and nothing is written
    runs      False: it is asked what it is, and never given a row, so that its stores need not be there
    desk      the accounts, for strategies that read theirs
    """

    panels = "apart"
    apart_with: tuple[str, ...] = ("order",)
    # python: by symbol, of each strategy what its instance gave, and the rows of each history
    SHAPE = {
        "units": {str: (SCHEMA, UNIT)},
        "panels": object,
        "python": {str: [(bytes, [[frozenset((int, float))]])]},
        **READERS,
    }

    def __init__(
        self,
        files: Sequence[tuple[str, str, str]] = (),
        *,
        python: Sequence[str | type] = (),
        period: str = "",
        params: Mapping[str, object] | None = None,
        keep: str | Sequence[str] = (),
        signals: bool = False,
        settings: Settings | None = None,
        missing: str = SettingsOptions.missing.default,
        stores: Mapping[str, Store] | None = None,
        timeless: bool = False,
        tell: Tell | None = None,
        runs: bool = True,
        desk: Desk | None = None,
    ) -> None:
        super().__init__()
        StrategyOptions.period.check(period)
        keep = tuple(name for name in keep.split(",") if name) if isinstance(keep, str) else keep
        if signals and keep:
            raise HqError(
                "there are no rows to keep columns in when only signals are written",
                USAGE,
                subject=StrategyOptions.keep,
            )
        self.strategies = [Strategy(*_named(file)) for file in files]
        whose = {one.source: one.name for one in self.strategies}
        self.inputs = {one.name: digest(content(one.source, one.program)) for one in self.strategies}
        self.python: list[PythonStrategy] = []
        if python:
            from hq_core.strategies.load import PythonStrategy  # few runs have any

            self.python = [PythonStrategy(one, desk is not None) for one in python]
        self.period = period
        self._length = _asked(period)
        self.keep = keep
        self.signals = signals or tell is not None
        self._tell = tell
        self._timeless = timeless
        self.settings = settings_of(settings)
        self.warnings: list[str] = []
        for strategy in self.strategies:
            strategy.stores = stores or ({} if runs else None)
        self._growing: dict[str, Growing] = {}
        self._arrived: set[str] = set()  # series of vectors that are announced
        if stores:
            self._take_up(stores)
        every: list[Any] = [*self.strategies, *self.python]
        check_names(every)
        every = set_parameters(every, _by_names(params))
        check_names(every)  # again: a value may have been given twice
        self.strategies = [one for one in every if isinstance(one, Strategy)]
        self.python = [one for one in every if not isinstance(one, Strategy)]
        self._named: set[str] = set()  # symbols that a strategy reads by name
        self.adds = bool(keep)
        across: list[tuple[StrategyText, tree.Call]] = []
        beyond: list[tuple[StrategyText, tree.Syntax]] = []
        called: set[str] = set()
        known: dict[str, Expr] = {}
        rules: list[CheckedRule] = []
        self._checked = [strategy.check_alone(strict=False) for strategy in self.strategies]
        for strategy, checked in zip(self.strategies, self._checked):
            self.warnings += [one for one in checked.warnings if one not in self.warnings]
            self.inputs |= digests(checked.called)
            self.inputs |= {
                f"{whose[strategy.source]} USE {name}": digest(text) for name, text in checked.used.contents.items()
            }
            known |= checked.scope.names
            rules += checked.rules
            self._named |= checked.scope.symbols
            self.adds |= bool(checked.plots)
            across += checked.scope.across
            beyond += checked.scope.beyond
            called |= checked.scope.called
        # strategies that read their accounts, and the accounts where any does
        self.inside = [one.name for one, checked in zip(self.strategies, self._checked) if checked.scope.account]
        self.inside += [one.name for one in self.python if one.inside]
        self._desk = desk if self.inside else None
        self._given: Handover | None = None  # takes orders straight to the accounts
        self._group: InsideGroup | None = None
        if self._desk is not None:
            from hq_core.series.inside_group import InsideGroup  # few runs have an account
            from hq_core.stream.handover import Handover

            self._desk.enter()
            self._given = Handover(self._desk.given())
            self._group = InsideGroup(self._desk, self._given)
        for one in self.python:
            self.inputs |= one.inputs | digests(entry for spec in one.specs for entry in spec.entries())
            self._named |= {symbol for spec in one.specs for symbol in spec.symbols()}
        if self.python and tell is not None:
            raise HqError("strategies in Python write rows of orders, they are not told one by one", USAGE)
        meta_types(rules)
        for name in keep:
            if name not in known:
                raise HqError(f"unknown name '{name}'{nearest(name, list(known))}", USAGE, subject=StrategyOptions.keep)
            what = word(known[name])
            if known[name].dtype not in (F8, BOOL, HIT):
                raise HqError(f"'{name}' is a {what}, which is no column", USAGE, subject=StrategyOptions.keep)
        self._across = across
        if across and beyond:
            told = (
                f"{across[0][1].function.name} looks over the symbols of a panel; beside it nothing is read with '@': "
                "hq-indicators before it gives such a value as a column, whose name stands between backquotes"
            )
            raise LangError(beyond[0][0], beyond[0][1].start, beyond[0][1].end, told)
        if across and self._desk is not None:
            told = f"{across[0][1].function.name} looks over the symbols of a panel; beside it no account is read"
            raise LangError(across[0][0], across[0][1].start, across[0][1].end, told)
        if across and (self.python or self._growing):
            beside = "strategy in Python" if self.python else "store that grows from the stream"
            told = f"{across[0][1].function.name} looks over the symbols of a panel; it goes with no {beside}"
            raise LangError(across[0][0], across[0][1].start, across[0][1].end, told)
        # no series is read but the base, and by rules alone; nor is a row's symbol wanted before the first one
        apart = "symbol" in called and not (across or all(one.takes_symbol_as_column() for one in self.strategies))
        self._alone = not (beyond or apart or self.python or self._growing or self._desk)
        if self._alone:
            self.panels = "whole"
        if across:  # which needs them whole, beside whatever
            self.apart_with = ()
        self._symbols: dict[str, Symbol] = {}
        self.of = "bar" if period or desk is not None else ""  # of what it runs on; "" until that is known
        self._early: list[Schema | dict[str, Any]] = []  # what was said of factors before that
        self._placed: list[str] = []  # those that have a base, in the order in which they came to it
        self._units: dict[str, Unit] = {}  # by the names of their series
        self._memories = Memories(self._units)
        self._panels: Panels | None = None  # those that have come as they are
        self._reading: list[Unit] | None = None  # units that read other series, the only ones that time concerns
        self._scratch, self._laying = Scratch(), Laying()
        self._ordered: set[tuple[str, str]] = set()  # symbols and periods of the orders in the input
        self._others = 0  # rows that are no bars
        self._idle: dict[tuple[str, int], str] = {}  # series to run on whose symbol had rows, and they had none
        self._readers = Readers("a strategy", missing)  # heard: of symbols that a strategy names, and what had no base

    def check(self, columns: Sequence[str] | None = None) -> None:
        """Refuse names that the bars do not have: those that are no column of a bar, or not among `columns`."""
        for strategy in self.strategies:
            if columns is None:
                strategy.check_alone(strict=True)
            else:
                strategy.check(Schema("bar", "", self.period, [(name, "f8") for name in columns]))
        if self.python:
            cols = BAR.cols if columns is None else [(name, "f8") for name in columns]
            schema = Schema("bar", "", self.period, cols)
            running = self._running(schema)
            Unit(schema, self._planned((), [one.asked for one in running]), self.note)
            for one in running:
                one.check(schema)

    def reads(self, schema: Schema) -> list[tuple[str, int]]:
        """Symbol and period in ns of the other series that the strategies read on this base; '' and 0 are its own."""
        return list(self._plan(schema, self._ahead(schema)).others)

    def explain(self) -> list[str]:
        """What is computed for a row of bars with hq's columns: a node a line, its warm-up, what it costs."""
        bars = Schema("bar", "", self.period, [(column.name, column.type) for column in BAR.columns])
        if self._across:
            turns = self._turns(bars)
            return costs(turns.last, turns)
        return costs(self._plan(bars, [one.asked for one in self._running(bars)]))

    def parameters(self) -> list[dict[str, Any]]:
        """Every param as plain values: its strategy, name, default and bounds (None where it has none)."""
        return [
            {
                "strategy": strategy.name,
                "name": one.name.name,
                "default": one.value.value,
                "min": one.low and one.low.value,
                "max": one.high and one.high.value,
                "step": one.step and one.step.value,
                "choices": [choice.value for choice in one.choices] or None,
            }
            for strategy in self.strategies
            for one in strategy.declared
        ] + [
            {"strategy": one.name, "name": name, "default": value, **dict.fromkeys(("min", "max", "step", "choices"))}
            for one in self.python
            for name, value in one.numbers.items()
        ]

    def check_resumable(self) -> None:
        """HqError CONFIG where a strategy cannot go on from a state."""
        for one in self.python:
            one.check_resumable()

    def begin(self, out: Out) -> None:
        super().begin(out)
        if self._group is not None:
            self._group.joiner = self.joiner

    def _run_on(self, of: str, key: str) -> None:
        """Strategies run on this kind of rows.  Raises HqError DATA where they run on others already."""
        if self.of not in ("", of):
            what = "comes after rows of factors were taken for what strategies run on"
            raise HqError(what, DATA, subject=key, hint="hq-merge FILE FILE announces all before the first rows")
        if not self.of:
            self.of, early, self._early = of, self._early, []
            for one in early:
                self.schema(one) if isinstance(one, Schema) else self.other(one)

    def schema(self, schema: Schema) -> None:
        if schema.of == "bar":
            self._run_on("bar", schema.key)
        elif schema.of == "factor" and not self.of:
            self._early.append(schema)
            return
        if schema.of == "factor" == self.of and schema.has("factor"):
            what = "has a row for each factor; a strategy reads them as columns: hq-factors without --long"
            raise HqError(what, DATA, subject=schema.key)
        if schema.of != self.of:
            if schema.of == "vector" and self._growing:
                self._announce_vectors(schema)
            if schema.of == "order":
                self._of_before(schema.symbol, schema.period)
                if schema.panel and self._panels and self._panels.orders(schema.period):
                    raise self._twice("", schema.period)
            if not self.signals:
                self.out.series(schema)
            return
        if schema.panel:
            self._whole().announce(schema)
            return
        self._readers.announce(schema)
        if schema.symbol in self._named:
            with suppress(HqError):  # what does not fit is told where a strategy runs on it
                self._readers.prepare(schema, [self._plan(one, self._ahead(one)) for one in elsewhere(schema)])
        symbol = self._symbols.setdefault(schema.symbol, Symbol())
        symbol.schemas[schema.period] = schema
        if symbol.settled:
            self._announce(schema.symbol, symbol, schema)

    def rows(self, batch: Batch) -> None:
        schema = batch.schema
        if schema.of == "factor" and not self.of:
            self._run_on("factor", schema.key)
        if schema.of != self.of:
            self._others += batch.n
            if schema.of == "vector" and self._growing:
                self._take_vectors(batch)
            if not self.signals:
                self.out.copy(batch)
            return
        if schema.panel:
            self._whole().rows(batch)
            return
        symbol = self._symbols[schema.symbol]
        where = schema.symbol, period_ns(schema.period)
        if not symbol.settled:
            if self.joiner is None and (self._desk is None or not self._desk.only):
                self.settle()  # so that whoever reads knows of all orders that there can be before the first rows
            else:
                self._settle(schema.symbol, symbol)
        if schema.symbol in self._named and where not in self._readers.heard:
            self.settle()  # whoever reads these rows must be there to hear them
            self._readers.heard.add(where)
        self._readers.rows(where, batch, self.out)
        if symbol.unit is not None and symbol.unit.schema.period == schema.period:
            if self._panels:
                self._memories.to_unit(schema.key)
            symbol.unit.rows(batch, self.out)
            if self._group is not None and self.joiner is None:
                self._run_group(self._group.reached(self.out))
            return
        self.passed(schema.symbol, batch.n)
        if symbol.base is None:
            self._readers.heard.add(where)  # a base that comes later has not had these rows
        if not self.signals:
            self.out.copy(batch)

    def mark(self, ts: int) -> None:
        self.advance(ts)
        self.out.mark(ts)

    def advance(self, ts: int) -> None:
        if self._panels:
            self._panels.mark(ts)
        for unit in self._that_read():
            unit.mark(ts, self.out)
        self._run_group(ts)

    def _run_group(self, limit: int, ends: bool = False) -> None:
        """Run the instants before a ts in the accounts and at the strategies that read them."""
        if self._group is not None:
            period = next((one.base.period for one in self._symbols.values() if one.base), "")
            traded = [name for name, one in self._symbols.items() if period in one.schemas and not self._left_out(name)]
            self._group.run(limit, traded, self.out, ends)

    @property
    def prompt(self) -> bool:
        return not (any(unit.waiting for unit in self._that_read()) or (self._group and self._group.waiting))

    def _that_read(self) -> list[Unit]:
        if self._reading is None:
            units = [symbol.unit for symbol in self._symbols.values() if symbol.unit is not None]
            self._reading = [unit for unit in units if unit.reads]
        return self._reading

    def other(self, frame: dict[str, Any]) -> None:
        if frame["kind"] == "strings" and gives_symbols(frame):
            of, _, period = frame["of"].split("/")
            if of == "factor" and not self.of:
                self._early.append(frame)
                return
            if of == self.of or of == "bar":
                self._run_on(of, frame["of"])
                self._whole().texts(frame)
            elif of == "order":
                for symbol in frame["values"]:
                    self._of_before(symbol, period)
        texts = frame["kind"] == "strings" and self._panels and self._panels.tells(frame["of"])
        if not (self.signals or texts):
            self.out.map(frame)

    def _take_up(self, stores: Mapping[str, Store]) -> None:
        from hq_core.series.growing import GROWING, Growing  # few runs have stores, and kernels take time to load

        self._growing = {name: store for name, store in stores.items() if isinstance(store, Growing)}
        self.inputs |= {f"store {name}": store.digest for name, store in stores.items() if name not in self._growing}
        if self._growing:
            self.SHAPE = {**self.SHAPE, "growing": {str: GROWING}}

    def _announce_vectors(self, schema: Schema) -> None:
        from hq_core.series.making import making_of
        from hq_core.vectors.read import columns_fit

        for store in self._growing.values():
            if (store.symbol, store.period) == (schema.symbol, schema.period):
                self._arrived.add(store.key)
                store.announce(columns_fit(schema, schema.key, self._timeless), making_of(schema))

    def _take_vectors(self, batch: Batch) -> None:
        """Vectors of the stream, for whoever waits for them."""
        from hq_core.series.stores import Rows
        from hq_core.vectors.read import columns_fit, take

        schema = batch.schema
        mine = [one for one in self._growing.values() if (one.symbol, one.period) == (schema.symbol, schema.period)]
        for part, closed in stretches(batch) if mine else ():
            if not closed:
                continue
            more = Rows(columns_fit(schema, schema.key, self._timeless))
            take(more, part, schema.key)
            for unit in self._that_read():
                unit.check(schema.key, part.times()[0])
            for store in mine:
                store.append(more)
            for unit in self._that_read():
                unit.drain(self.out)

    def finish(self, more: bool) -> None:
        for store in self._growing.values():
            if store.key not in self._arrived and not (more or store.n) and self._others + len(self._symbols):
                what = f"{store.key} is the store {store.name} and never came"
                raise HqError(what, DATA, hint="hq-merge FILE FILE puts its rows into the stream")
        if not self.of:
            self._run_on("bar", "")
        if not self._symbols:
            self.note("no bars in the input, so no strategy ran", self._others)
        self.settle()
        ran = any(symbol.base for symbol in self._symbols.values())
        if self._idle and not (more or ran) and self._readers.missing == "error":
            raise self._readers.refusal(self._idle, "asked for")
        try:
            self._readers.finish(more, self.out, self.note, self.drop)
        except NeverCame as error:
            raise self._at_its_place(error) from None
        if self._panels:
            self._panels.finish(more, self.drop)
        if self._desk is not None and not more:
            self._run_group(EVER, self._desk.close_at_end)
        for orders in self._in_python().values():
            orders.stop(more)

    def _at_its_place(self, error: NeverCame) -> HqError:
        """The error at the place of the strategy that reads the series, if it is in the language."""
        symbol, length = error.where
        reads = [one for checked in self._checked for one in checked.scope.reads.items()]
        found = [
            at
            for own in (symbol, "")
            for (named, period), at in reads
            if named == own and period in (0, length) and (own or period)
        ]
        if not found:
            return error
        source, node = found[0]
        below = "\n" + source.caret(node.start, node.end)
        return HqError((source.where(node.start), ": ", *error.phrase()), error.code, below)

    def save(self) -> dict[str, Any]:
        readers = self._readers.save()  # first, as it moves what the units remember of their feeds
        held = self._memories.save()
        units = {
            name: [described(base), held[base.key]]
            for name in self._placed  # so that texts, which all share, have the same codes when they are taken up
            if (base := self._symbols[name].base) is not None
        }
        python = {name: orders.memories() for name, orders in self._in_python().items()}
        growing = {name: store.save() for name, store in self._growing.items()}
        panels = self._panels.save() if self._panels else {}
        return {
            "units": units,
            "panels": panels,
            "python": python,
            **readers,
            **({"growing": growing} if growing else {}),
        }

    def load(self, saved: dict[str, Any], own: bool = False) -> None:
        for name, one in saved.get("growing", {}).items() if not own else ():
            if name in self._growing:
                self._growing[name].load(one)
        self._readers.load(saved, own)
        held: dict[str, Any] = {}
        for name, (about, unit) in saved["units"].items():
            symbol = self._symbols.get(name)
            if symbol is not None and symbol.unit is not None:
                symbol.unit.load(unit, own)
                continue
            symbol = self._symbols[name] = Symbol()
            symbol.settled, symbol.base = True, undescribed(about)
            self.of = self.of or symbol.base.of
            if (
                symbol.base.of != self.of
                or self.of not in ("bar", "factor")
                or symbol.base.symbol != ("" if symbol.base.panel else name)
            ):
                raise Damaged(f"the base of {name or 'rows without a symbol'} is {symbol.base.key}")
            held[symbol.base.key] = unit
            if name not in self._placed:
                self._placed.append(name)
        self._memories.load(held)
        if saved["panels"]:
            self._whole().load(saved["panels"])
        if not self._alone:  # time goes on for what waits, though its series may not come again
            for name in saved["units"]:
                self._unit(self._symbols[name])
        running = self._in_python()
        if saved["python"].keys() != running.keys():
            raise Damaged(f"strategies in Python ran on {', '.join(saved['python']) or 'nothing'}")
        for name, orders in running.items():
            orders.remember(saved["python"][name])

    def settle(self) -> None:
        """Decide the bases by what has been announced, as the first rows would."""
        for name, symbol in self._symbols.items():
            if not symbol.settled:
                self._settle(name, symbol)
        if self._panels:
            self._panels.tell()

    def _settle(self, name: str, symbol: Symbol) -> None:
        """The symbol's first rows are there: its base is decided by what has been announced."""
        symbol.settled = True
        periods = sorted(symbol.schemas, key=period_ns)
        wanted = [one for one in periods if not self.period or period_ns(one) == self._length]
        if wanted and not self._left_out(name):
            self._base(name, symbol, symbol.schemas[wanted[0]])
        for schema in symbol.schemas.values():
            self._announce(name, symbol, schema)

    def _left_out(self, name: str) -> bool:
        """Whether an account that strategies read trades another symbol alone."""
        return self._desk is not None and self._desk.only not in ("", name)

    def _base(self, name: str, symbol: Symbol, schema: Schema) -> None:
        """The base of a symbol is a series, or a panel in which it stands."""
        if (name, schema.period) in self._ordered:
            raise self._twice(name, schema.period)
        if self._across and not schema.panel:
            self._refuse_series(name, schema)
        self._placed.append(name)
        symbol.base = series_of(schema, name) if schema.panel else schema
        if not schema.panel:
            self._unit(symbol)

    def _refuse_series(self, name: str, schema: Schema) -> None:
        """A series by itself has no cross-section with others."""
        others = [one.base.key for other, one in self._symbols.items() if one.base is not None and other != name]
        if others or self._panels:
            source, call = self._across[0]
            beside = f"{schema.key} comes by itself, beside {others[0]}" if others else f"{schema.key} is in no panel"
            told = (
                f"{call.function.name} looks over the symbols of one panel, and {beside}; hq-merge puts series into one"
            )
            raise LangError(source, call.start, call.end, told)

    def _unit(self, symbol: Symbol) -> Unit | None:
        """The unit on a symbol's base, told to whoever has rows for it."""
        schema = symbol.base
        if symbol.unit is None and schema is not None:
            running = self._running(schema)
            plan = self._plan(schema, [one.asked for one in running])
            orders = self._with_python(schema, plan, running) if running else self._orders(schema, plan)
            waits = list(self._growing.values())
            kind = Unit if self._desk is None else _inside()
            unit = symbol.unit = kind(schema, plan, self.note, self._readers.feed, orders, self.signals, waits)
            if self._group is not None:
                cast("InsideUnit", unit).trade(self._group, self.inside, plan)
            saved = self._memories.begins(schema.key)
            self._units[schema.key] = unit
            self._readers.add(unit, resumed=saved is not None)
            if saved is not None:
                with taking():
                    unit.load(saved)
            self._reading = None
        return symbol.unit

    def _orders(self, schema: Schema, plan: Plan) -> Orders:
        names = [one.name for one in self.strategies]
        return Orders(schema, names, plan.watches, self.note, self._lay(), self._tell)

    def _with_python(self, schema: Schema, plan: Plan, running: Sequence[Running]) -> Ordering:
        from hq_core.strategies.orders import PythonOrders

        names = [one.name for one in self.strategies]
        rules = plan.watches[: len(plan.watches) - len(running)]
        return PythonOrders(schema, names, rules, running, self.note, self._lay())

    def _lay(self) -> Laying:
        """Where orders of a series are laid down: of those inside accounts each has its own."""
        return self._laying if self._group is None else self._laying.another()

    def _whole(self) -> Panels:
        """The panels that come as they are."""
        if self._panels is None:
            from hq_core.series.panels import Panels  # few inputs have any

            self._panels = Panels(self, self._memories, bool(self._across))
        return self._panels

    # -- what panels ask for -----------------------------------------------------------------------------
    def stands(self, name: str, panel: Schema) -> None:
        symbol = self._symbols.setdefault(name, Symbol())
        known = symbol.schemas.get(panel.period)
        if known is None or not known.same_as(panel):
            self._readers.announced[name, period_ns(panel.period)] = series_key(panel, name)
            symbol.schemas[panel.period] = panel
            if symbol.settled:
                self._announce(name, symbol, panel)

    def settled(self, name: str, panel: Schema) -> bool:
        self.stands(name, panel)
        symbol = self._symbols[name]
        if not symbol.settled:
            self._settle(name, symbol)
        return symbol.base is not None and symbol.base.period == panel.period

    def passed(self, name: str, rows: int) -> None:
        if self._symbols[name].base is None and not self._left_out(name):
            self.note(f"no {self.period} bars of bar/{name}, so no strategy ran", rows)
            self._idle[name, self._length] = f"bar/{name}/{self.period}"

    def planned(self, panel: Schema) -> tuple[Plan, Orders, Turns | None]:
        turns = self._turns(panel) if self._across else None
        plan = turns.last if turns else self._plan(panel)
        return plan, self._orders(panel, plan), turns

    def _turns(self, panel: Schema) -> Turns:
        return self._in_turns(strategy.check(panel) for strategy in self.strategies)

    def _in_turns(self, every: Iterable[Checker]) -> Turns:
        from hq_core.series.cross import Turns

        columns, rules = self._asked_of(every)
        return Turns(columns, self.settings, self._scratch, rules)

    # -- orders ------------------------------------------------------------------------------------------
    def _of_before(self, name: str, period: str) -> None:
        """Orders of a symbol are in the input; refuse those that stand where ours would."""
        self._ordered.add((name, period))
        ours = self._symbols.get(name)
        if ours and ours.base and ours.base.period == period:
            raise self._twice(name, period)

    def _running(self, schema: Schema) -> list[Running]:
        """An instance of each strategy in Python, for a base."""
        if not self.python:
            return []
        from hq_core.strategies.running import Running

        return [Running(one, schema) for one in self.python]

    def _ahead(self, schema: Schema) -> list[Asked]:
        """What strategies in Python ask for before there is an instance."""
        if not self.python:
            return []
        from hq_core.strategies.running import plan_ahead

        return plan_ahead(self.python, schema)

    def _in_python(self) -> dict[str, PythonOrders]:
        """By symbol, the orders of units with strategies in Python."""
        if not self.python:
            return {}
        units = ((name, symbol.unit) for name, symbol in self._symbols.items())
        return {name: cast("PythonOrders", unit.orders) for name, unit in units if unit is not None}

    @staticmethod
    def _twice(name: str, period: str) -> HqError:
        ours = "run them all at once: hq-signal A.hq B.hq"
        told = f"order/{name}/{period} is in the input already, of strategies that ran before; {ours}"
        return HqError(told, DATA)

    def section(self) -> None:
        if self._given is not None:
            self._given.section()
        for symbol in self._symbols.values():
            if symbol.unit is not None and symbol.unit.orders is not None:
                symbol.unit.orders.announce(symbol.unit.takes_orders(self.out), anew=True)
        if self._panels:
            self._panels.section()

    def told(self) -> Iterable[dict[str, Any]]:
        ours = self._desk is None or self._desk.keep_input
        units = [symbol.unit for symbol in self._symbols.values()] if ours else []
        return (frame for unit in units if unit and unit.orders for frame in unit.orders.told())

    def kernels(self) -> list[Kernel]:
        turns = self._in_turns(self._checked) if self._across else None
        plan = turns.last if turns else self._planned(self._checked)
        before = turns.kernels() if turns else []
        return [*before, *plan.kernels(), ordered, *FurtherColumns(plan.watches, {}).kernels()]

    def _plan(self, schema: Schema, asked: Sequence[Asked] = ()) -> Plan:
        """All strategies over one base series, and what those in Python ask for."""
        return self._planned((strategy.check(schema) for strategy in self.strategies), asked)

    def _planned(self, every: Iterable[Checker], asked: Sequence[Asked] = ()) -> Plan:
        columns, rules = self._asked_of(every)
        return Plan(columns, self.settings, self._scratch, rules + list(asked))

    def _asked_of(self, every: Iterable[Checker]) -> tuple[dict[str, Expr], list[Any]]:
        """What strategies compute of a base: the names that are kept and plotted, and the rules."""
        columns: dict[str, Expr] = {}
        rules: list[Any] = []
        for strategy, checked in zip(self.strategies, every):
            if self._desk is None:
                checked.scope.refuse_account()
            names = checked.scope.names
            prefix = f"{strategy.name}." if len(self.strategies) > 1 else ""
            columns |= {prefix + name: scored(names[name]) for name in self.keep if name in names}
            if not self.signals:
                columns |= {prefix + name: scored(expr) for name, expr in checked.plots.items()}
            rules += watches(strategy.name, checked.rules)
        return columns, rules

    def _announce(self, name: str, symbol: Symbol, schema: Schema) -> None:
        if symbol.base is None and period_ns(schema.period) == self._length and not self._left_out(name):
            self._base(name, symbol, schema)
        base = symbol.base
        if base is not None and schema.period == base.period:
            if schema.panel:
                self._whole().base(name, schema)
                return
            symbol.base = schema
            unit = self._unit(symbol)
            assert unit is not None
            unit.announce(schema, self.out)
            return
        if base is not None and not self.period and period_ns(schema.period) < period_ns(base.period):
            asked = StrategyOptions.period
            raise HqError(
                f"comes after rows of {base.key} were taken for the finest",
                DATA,
                subject=series_key(schema, name),
                hint=("hq-merge FILE FILE announces all before the first rows, or pass ", *(asked, f" {base.period}")),
            )
        if not self.signals:
            self.out.series(schema)


def _inside() -> type[InsideUnit]:
    from hq_core.series.inside import InsideUnit  # few runs have an account

    return InsideUnit


def _by_names(params: object) -> Mapping[str, object]:
    """Params as they are given from outside.  HqError USAGE for what is not by names."""
    given: Any = {} if params is None else params
    if not hasattr(given, "items"):
        what = f"{given!r:.60}, must be numbers by names, such as {{'n': 9}}"
        raise HqError(what, USAGE, subject=StrategyOptions.params)
    named: Mapping[str, object] = given
    return named


def _asked(period: str) -> int:
    try:
        return period_ns(period)
    except HqError as error:
        raise HqError(str(error), USAGE) from None


def _named(file: object) -> tuple[str, str, str]:
    """(name, text, what errors call it) of a strategy.  TypeError for what is none, such as the text alone."""
    if isinstance(file, (tuple, list)) and len(file) == 3 and all(isinstance(one, str) for one in file):
        return file[0], file[1], file[2]
    wanted = '[("rsi", "IF RSI(14) < 30 THEN BUY", "rsi.hq")]: name, text and file of each strategy'
    raise TypeError(f"Signal: {file!r:.80} is no strategy; it takes {wanted}")
