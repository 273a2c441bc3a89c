"""hq-signal: strategies read bars and write their orders."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

from hq_core.batch import SCHEMA, Schema, described, period_ns, stretches, undescribed
from hq_core.errors import DATA, USAGE, HqError
from hq_core.graph import Scratch, settings_of
from hq_core.kinds import BAR
from hq_core.lang.scope import word
from hq_core.lang.source import nearest
from hq_core.lang.strategy import Strategy, check_names, set_parameters
from hq_core.options.settings import SettingsOptions
from hq_core.options.signal import StrategyOptions
from hq_core.registry import digests
from hq_core.roles import Stage
from hq_core.saved import Damaged
from hq_core.series.explain import explained
from hq_core.series.expr import BOOL, F8, HIT, scored
from hq_core.series.order_columns import FurtherColumns, meta_types
from hq_core.series.orders import Laying, Orders, ordered
from hq_core.series.plan import Plan
from hq_core.series.readers import READERS, Readers, elsewhere
from hq_core.series.rules import watches
from hq_core.series.unit import UNIT, Unit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hq_core.batch import Batch
    from hq_core.graph import Settings
    from hq_core.jit import Kernel
    from hq_core.lang.check import Checker
    from hq_core.series.expr import Expr
    from hq_core.series.growing import Growing
    from hq_core.series.orders import Tell
    from hq_core.series.rules import CheckedRule
    from hq_core.series.stores import Store
    from hq_core.series.unit import Ordering
    from hq_core.strategies.load import PythonStrategy
    from hq_core.strategies.orders import PythonOrders
    from hq_core.strategies.running import Asked, Running


class Symbol:
    """The bar series of one symbol, and the unit on its base: the finest one, or the one asked for."""

    __slots__ = ("schemas", "settled", "unit")

    def __init__(self) -> None:
        self.schemas: dict[str, Schema] = {}
        self.settled = False
        self.unit: Unit | None = None


class Signal(Stage):
    """Runs strategies over the base series of every symbol and writes their orders, as rows before its own.

    All other rows pass untouched, and those of the base but for the names that are kept.

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
    """

    panels = "apart"
    # python: by symbol, of each strategy what its instance gave, and the rows of each history
    SHAPE = {"units": {str: (SCHEMA, UNIT)}, "python": {str: [(bytes, [[frozenset((int, float))]])]}, **READERS}

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
        self.inputs = {name: _digest(text) for name, text, _ in files}
        self.python: list[PythonStrategy] = []
        if python:
            from hq_core.strategies.load import PythonStrategy  # few runs have any

            self.python = [PythonStrategy(one) for one in python]
        self.period = period
        self._length = _asked(period)
        self.keep = keep
        self.signals = signals or tell is not None
        self._tell = tell
        self._timeless = timeless
        self.settings = settings_of(settings)
        self.warnings: list[str] = []
        for strategy in self.strategies:
            strategy.stores = stores or {}
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
        known: dict[str, Expr] = {}
        rules: list[CheckedRule] = []
        for strategy in self.strategies:
            checked = strategy.check_alone(strict=False)
            self.warnings += [one for one in checked.warnings if one not in self.warnings]
            self.inputs |= digests(checked.called)
            self.inputs |= {path: _digest(text) for path, text in checked.used.texts.items()}
            known |= checked.scope.names
            rules += checked.rules
            self._named |= checked.scope.symbols
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
        self._symbols: dict[str, Symbol] = {}
        self._placed: list[str] = []  # those that have a unit, in the order in which they came to it
        self._reading: list[Unit] | None = None  # units that read other series, the only ones that time concerns
        self._scratch, self._laying = Scratch(), Laying()
        self._ordered: set[str] = set()  # series of orders in the input
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
            plan = self._plan(schema, [one.asked for one in running])
            Unit(schema, plan, self.note)
            for one in running:
                one.check(schema)

    def reads(self, schema: Schema) -> list[tuple[str, int]]:
        """Symbol and period in ns of the other series that the strategies read on this base; '' and 0 are its own."""
        return list(self._plan(schema, self._ahead(schema)).others)

    def explain(self) -> list[str]:
        """What is computed for a row of bars with hq's columns: a node a line, its warm-up, what it costs."""
        plan = self._plan(Schema("bar", "", self.period, [(column.name, column.type) for column in BAR.columns]))
        return explained(plan)

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
            {"strategy": one.name, "name": name, "default": value, "min": None, "max": None}
            for one in self.python
            for name, value in one.numbers.items()
        ]

    def check_resumable(self) -> None:
        """HqError CONFIG where a strategy cannot go on from a state."""
        for one in self.python:
            one.check_resumable()

    def schema(self, schema: Schema) -> None:
        if schema.of != "bar":
            if schema.of == "vector" and self._growing:
                self._announce_vectors(schema)
            if schema.of == "order":
                self._ordered.add(schema.key)
                ours = self._symbols.get(schema.symbol)
                if ours and ours.unit and ours.unit.schema.period == schema.period:
                    raise self._twice(schema.key)
            if not self.signals:
                self.out.series(schema)
            return
        self._readers.announce(schema)
        if schema.symbol in self._named:
            with suppress(HqError):  # what does not fit is told where a strategy runs on it
                self._readers.prepare(schema, [self._plan(one, self._ahead(one)) for one in elsewhere(schema)])
        symbol = self._symbols.setdefault(schema.symbol, Symbol())
        symbol.schemas[schema.period] = schema
        if symbol.settled:
            self._announce(symbol, schema)

    def rows(self, batch: Batch) -> None:
        schema = batch.schema
        if schema.of != "bar":
            self._others += batch.n
            if schema.of == "vector" and self._growing:
                self._take_vectors(batch)
            if not self.signals:
                self.out.copy(batch)
            return
        symbol = self._symbols[schema.symbol]
        where = schema.symbol, period_ns(schema.period)
        if not symbol.settled:
            self._settle(symbol)
        if schema.symbol in self._named and where not in self._readers.heard:
            for other in self._symbols.values():  # whoever reads these rows must be there to hear them
                if not other.settled:
                    self._settle(other)
            self._readers.heard.add(where)
        self._readers.rows(where, batch, self.out)
        if symbol.unit is not None and symbol.unit.schema.period == schema.period:
            symbol.unit.rows(batch, self.out)
            return
        if symbol.unit is None:
            series = schema.key.rpartition("/")[0]
            self.note(f"no {self.period} bars of {series}, so no strategy ran", batch.n)
            self._idle[schema.symbol, self._length] = f"{series}/{self.period}"
            self._readers.heard.add(where)  # a base that comes later has not had these rows
        if not self.signals:
            self.out.copy(batch)

    def mark(self, ts: int) -> None:
        self.advance(ts)
        self.out.mark(ts)

    def advance(self, ts: int) -> None:
        for unit in self._that_read():
            unit.mark(ts, self.out)

    @property
    def prompt(self) -> bool:
        return not any(unit.waiting for unit in self._that_read())

    def _that_read(self) -> list[Unit]:
        if self._reading is None:
            units = [symbol.unit for symbol in self._symbols.values() if symbol.unit is not None]
            self._reading = [unit for unit in units if unit.reads]
        return self._reading

    def other(self, frame: dict[str, Any]) -> None:
        if not self.signals:
            self.out.map(frame)

    def _take_up(self, stores: Mapping[str, Store]) -> None:
        from hq_core.series.growing import GROWING, Growing  # few runs have stores, and kernels take time to load

        self._growing = {name: store for name, store in stores.items() if isinstance(store, Growing)}
        self.inputs |= {f"store {name}": store.digest for name, store in stores.items() if name not in self._growing}
        if self._growing:
            self.SHAPE = {**self.SHAPE, "growing": {str: GROWING}}

    def _announce_vectors(self, schema: Schema) -> None:
        from hq_core.vectors.read import columns_fit

        for store in self._growing.values():
            if (store.symbol, store.period) == (schema.symbol, schema.period):
                self._arrived.add(store.key)
                store.expect(columns_fit(schema, schema.key, self._timeless))

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
                unit.check(schema.key, more.ts[0])
            for store in mine:
                store.append(more)
            for unit in self._that_read():
                unit.drain(self.out)

    def finish(self, more: bool) -> None:
        for store in self._growing.values():
            if store.key not in self._arrived and not (more or store.n) and self._others + len(self._symbols):
                what = f"{store.key} is the store {store.name} and never came"
                raise HqError(what, DATA, hint="hq-merge FILE FILE puts its rows into the stream")
        if not self._symbols:
            self.note("no bars in the input, so no strategy ran", self._others)
        self.settle()
        ran = any(symbol.unit for symbol in self._symbols.values())
        if self._idle and not (more or ran) and self._readers.missing == "error":
            raise self._readers.refusal(self._idle, "asked for")
        self._readers.finish(more, self.out, self.note, self.drop)
        for orders in self._in_python().values():
            orders.stop(more)

    def save(self) -> dict[str, Any]:
        readers = self._readers.save()  # first, as it moves what the units remember of their feeds
        units = {
            name: [described(unit.schema), unit.save()]
            for name in self._placed  # so that texts, which all share, have the same codes when they are taken up
            if (unit := self._symbols[name].unit) is not None
        }
        python = {name: orders.memories() for name, orders in self._in_python().items()}
        growing = {name: store.save() for name, store in self._growing.items()}
        return {"units": units, "python": python, **readers, **({"growing": growing} if growing else {})}

    def load(self, saved: dict[str, Any], own: bool = False) -> None:
        for name, one in saved.get("growing", {}).items() if not own else ():
            if name in self._growing:
                self._growing[name].load(one)
        self._readers.load(saved, own)
        for name, (schema, unit) in saved["units"].items():
            symbol = self._symbols.get(name)
            if symbol is not None and symbol.unit is not None:
                symbol.unit.load(unit, own)
                continue
            symbol = self._symbols[name] = Symbol()
            symbol.settled = True
            self._place(symbol, undescribed(schema), resumed=True).load(unit)
        running = self._in_python()
        if saved["python"].keys() != running.keys():
            raise Damaged(f"strategies in Python ran on {', '.join(saved['python']) or 'nothing'}")
        for name, orders in running.items():
            orders.remember(saved["python"][name])

    def settle(self) -> None:
        """Decide the bases by what has been announced, as the first rows would."""
        for symbol in self._symbols.values():
            if not symbol.settled:
                self._settle(symbol)

    def _settle(self, symbol: Symbol) -> None:
        """The symbol's first rows are there: its base is decided by what has been announced."""
        symbol.settled = True
        periods = sorted(symbol.schemas, key=period_ns)
        wanted = [one for one in periods if not self.period or period_ns(one) == self._length]
        if wanted:
            self._place(symbol, symbol.schemas[wanted[0]])
        for schema in symbol.schemas.values():
            self._announce(symbol, schema)

    def _place(self, symbol: Symbol, schema: Schema, resumed: bool = False) -> Unit:
        """The unit on a base, told to whoever has rows for it."""
        key = Schema("order", schema.symbol, schema.period).key
        if key in self._ordered:
            raise self._twice(key)
        running = self._running(schema)
        plan = self._plan(schema, [one.asked for one in running])
        names = [one.name for one in self.strategies]
        orders: Ordering
        if running:
            from hq_core.strategies.orders import PythonOrders

            rules = plan.watches[: len(plan.watches) - len(running)]
            orders = PythonOrders(schema, names, rules, running, self.note, self._laying)
        else:
            orders = Orders(schema, names, plan.watches, self.note, self._laying, self._tell)
        waits = list(self._growing.values())
        unit = symbol.unit = Unit(schema, plan, self.note, self._readers.feed, orders, self.signals, waits)
        self._placed.append(schema.symbol)
        self._readers.add(unit, resumed)
        self._reading = None
        return unit

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
    def _twice(key: str) -> HqError:
        return HqError(
            f"{key} is in the input already, of strategies that ran before; run them all at once: hq-signal A.hq B.hq",
            DATA,
        )

    def section(self) -> None:
        for symbol in self._symbols.values():
            if symbol.unit is not None and symbol.unit.orders is not None:
                symbol.unit.orders.announce(self.out, anew=True)

    def told(self) -> Iterable[dict[str, Any]]:
        units = [symbol.unit for symbol in self._symbols.values()]
        return (frame for unit in units if unit and unit.orders for frame in unit.orders.told())

    def kernels(self) -> list[Kernel]:
        plan = self._planned(one.check_alone(strict=False) for one in self.strategies)
        return [*plan.kernels(), ordered, *FurtherColumns(plan.watches, {}).kernels()]

    def _plan(self, schema: Schema, asked: Sequence[Asked] = ()) -> Plan:
        """All strategies over one base series, and what those in Python ask for."""
        return self._planned((strategy.check(schema) for strategy in self.strategies), asked)

    def _planned(self, every: Iterable[Checker], asked: Sequence[Asked] = ()) -> Plan:
        """The names that are kept, the rules, and what else is asked for."""
        columns: dict[str, Expr] = {}
        rules: list[Any] = []
        for strategy, checked in zip(self.strategies, every):
            checked.scope.refuse_account()
            names = checked.scope.names
            prefix = f"{strategy.name}." if len(self.strategies) > 1 else ""
            columns |= {prefix + name: scored(names[name]) for name in self.keep if name in names}
            if not self.signals:
                columns |= {prefix + name: scored(expr) for name, expr in checked.plots.items()}
            rules += watches(strategy.name, checked.rules)
        return Plan(columns, self.settings, self._scratch, rules + list(asked))

    def _announce(self, symbol: Symbol, schema: Schema) -> None:
        unit = symbol.unit
        if unit is not None and schema.period == unit.schema.period:
            unit.announce(schema, self.out)
            return
        if unit is None and period_ns(schema.period) == self._length:
            self._place(symbol, schema).announce(schema, self.out)
            return
        if unit is not None and not self.period and period_ns(schema.period) < period_ns(unit.schema.period):
            asked = StrategyOptions.period
            raise HqError(
                f"comes after rows of {unit.schema.key} were taken for the finest",
                DATA,
                subject=schema.key,
                hint=(
                    "hq-merge FILE FILE announces all before the first rows, or pass ",
                    *(asked, f" {unit.schema.period}"),
                ),
            )
        if not self.signals:
            self.out.series(schema)


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


def _digest(text: str) -> str:
    from _blake2 import blake2b

    return blake2b(text.encode(), digest_size=16).hexdigest()
