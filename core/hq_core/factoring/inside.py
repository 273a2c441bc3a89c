"""The factors of one book as a native function that another compiled loop calls event by event."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

from hq_core.batch import CODES, WIDTHS
from hq_core.book.intake import Intake
from hq_core.errors import DATA, HqError
from hq_core.factoring.events import OF_INTAKE, OF_ROWS, Events
from hq_core.factoring.specs import parsed
from hq_core.graph import AS
from hq_core.jit import address_of, engine, load
from hq_core.memory import move
from hq_core.options.steps import StepOptions, step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hq_core.batch import Batch

COLUMNS = OF_ROWS | OF_INTAKE  # of an event, in the order of `row`


class Inside:
    """The kernels of hq-factors, one event a call.

    specs    `mid`, `tfi:1s`, as hq-factors takes them;  tick, lot: steps of prices and quantities
    events   how many are to come at most: memory is made ready for them here, as a loop that runs cannot
    names    of the factors' columns
    row      an event before a call, 8 bytes a column of COLUMNS, float64 where it is f8
    values   the factors behind the call; nan where they have no value
    call, address   call(address) takes the event in; `call` is a ctypes function, which numba's loops can call
    """

    def __init__(self, specs: Sequence[str], tick: str, lot: str, events: int) -> None:
        found = parsed(specs)
        self._tick = step(StepOptions.tick, tick)
        self._events = Events(self._tick, step(StepOptions.lot, lot))
        graph = self._graph = self._events.graph
        wanted = [out for spec in found for out in self._events.factor(spec.entry, spec.params)]
        self.names = [name for spec in found for name in spec.columns]
        if len(set(wanted)) < len(wanted):
            raise HqError("two names stand for one factor", DATA)
        graph.compile(wanted)
        self._events.book.ready(None, events)
        for tables, record in graph.growing:
            tables.ready(record, events)
        self.row = array("q", bytes(8 * len(COLUMNS)))
        self.values = array("d", bytes(8 * len(wanted)))
        at = address_of(self.row)
        places = {name: at + 8 * i for i, name in enumerate(COLUMNS)}
        self._start = graph.fixed({key: places[key.partition(AS)[0]] for key in graph.sources}, self.values)
        self.address: int = self._start.address
        self.call = load(engine)

    def taken(self, batch: Batch) -> dict[str, array[Any]]:
        """Rows of kind book that are known here, as the columns of COLUMNS.

        Raises HqError DATA where one is none, or where its price is off the tick.
        """
        intake = Intake("local", self._tick, strict=True)
        taken = intake.take(batch)
        intake.refuse(batch)
        found = {name: array(CODES[kind], bytes(WIDTHS[kind] * taken.n)) for name, kind in COLUMNS.items()}
        for name in OF_ROWS:
            values = batch.view(name)
            found[name] = array(CODES[OF_ROWS[name]], [values[i] for i in intake.rows[: taken.n]])
        names = list(OF_INTAKE)
        to = [address_of(found[name]) for name in names]
        move(to, [getattr(taken, name) for name in names], [WIDTHS[OF_INTAKE[name]] for name in names], taken.n)
        return found
