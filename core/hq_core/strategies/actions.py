"""What `next` gives back, as decisions: which orders, of what size, at which row."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from hq_core.columns import numbers
from hq_core.errors import DATA, HqError, did_you_mean
from hq_core.kinds import ACCOUNTS_UNIT, META, ORDER, TRAILS, TYPE_MAY, TYPE_NEEDS, UNTIL, expiry, wrong_life
from hq_core.lang.words import ACTIONS, taken_by, type_of
from hq_core.series.orders import BY_VERB, IN_TURN
from hq_core.series.rules import FLAGS, KEY_OF_UNIT, LIVES, PRICED, SIZES
from hq_core.strategies.load import FURTHER

if TYPE_CHECKING:
    from collections.abc import Callable

    from hq_core.strategies.load import PythonStrategy

KEYS = ("action", "type", "size", "unit", "price", "rule", "meta")  # and the further columns that the class declares
CODED = {name: numbers(said) for name, said in ORDER.codes.items()}
TYPES, UNITS, TIFS = CODED["type"], CODED["unit"], CODED["tif"]
OF = dict(ORDER.cols)
WHOLE = 1 << 53
TARGET = ("target",)
RULE = 1  # next is the one rule of a strategy that says nothing else


class Form(NamedTuple):
    """What decisions have in common: whose they are, the verbs in the order of their carrying out, and the codes."""

    strategy: int
    verbs: tuple[str, ...]
    type: int = 0
    unit: int = ACCOUNTS_UNIT
    rule: int = RULE
    short: bool = False  # a target below 0

    @property
    def sides(self) -> list[int]:
        return [-1] if self.short else [BY_VERB[verb][1] for verb in self.verbs]

    @property
    def actions(self) -> list[int]:
        return [BY_VERB[verb][0] for verb in self.verbs]


class Decisions:
    """Of a batch: the row of each decision, its form, its size, and what few of them say beyond that.

    further  values by column, of the decision at that place
    """

    def __init__(self) -> None:
        self.forms: list[Form] = []
        self.row: list[int] = []
        self.form: list[int] = []
        self.size: list[float] = []
        self.further: dict[int, dict[str, Any]] = {}
        self._known: dict[Form, int] = {}

    def __len__(self) -> int:
        return len(self.row)

    def clear(self) -> None:
        self.row.clear()
        self.form.clear()
        self.size.clear()
        self.further.clear()

    def until(self, row: int) -> list[int]:
        """The decisions of rows before that one, in the order of the rows; of one row in that of the strategies."""
        places = [at for at, one in enumerate(self.row) if one < row]
        return sorted(places, key=self.row.__getitem__)

    def known(self, form: Form) -> int:
        """The number of a form."""
        found = self._known.get(form)
        if found is None:
            found = self._known[form] = len(self.forms)
            self.forms.append(form)
        return found

    def taker(self, strategy: PythonStrategy, number: int, unsized: Callable[[], None]) -> Callable[[int, Any], None]:
        """What takes a row's number and what `next` gave there.  It raises HqError DATA, without the place.

        number  of the strategy;  unsized: told of orders without a size above 0
        """
        reader = Reader(strategy, number, self)
        words: dict[Any, int] = {}
        market: dict[Any, int] = {}  # by action, of dicts with that and size
        typed: dict[Any, dict[Any, int]] = {}  # by type and action, of dicts with those and size
        add_row, add_form, add_size = self.row.append, self.form.append, self.size.append

        def take(row: int, said: Any) -> None:
            kind = type(said)
            form: int | None = None
            size: Any = math.inf
            if kind is dict:
                try:  # the plainest dicts, met before
                    if len(said) == 3:
                        form, size = typed[said["type"]][said["action"]], said["size"]
                    elif len(said) == 2:
                        form, size = market[said["action"]], said["size"]
                except (KeyError, TypeError):
                    form = None
                number = type(size) is float or (type(size) is int and size < WHOLE)
                if form is None or not number or not size > 0.0:
                    take_whole(row, said)
                    return
                add_row(row)
                add_form(form)
                add_size(size)
            elif kind is str:
                form = words.get(said)
                if form is None:
                    form = words[said] = reader.read({"action": said})[0]
                add_row(row)
                add_form(form)
                add_size(size)
            elif kind is list or kind is tuple:
                for one in said:
                    if type(one) not in (dict, str):
                        raise HqError(_no_action(one), DATA)
                    take(row, one)
            else:
                raise HqError(_no_action(said), DATA)

        def take_whole(row: int, said: dict[Any, Any]) -> None:
            form, size, further = reader.read(said)
            targets = self.forms[form].verbs == TARGET  # whose form is also by the sign of the size
            if not targets and said.keys() == {"action", "size"}:
                market[said["action"]] = form
            elif not targets and said.keys() == {"action", "type", "size"} and said["type"] is not None:
                typed.setdefault(said["type"], {})[said["action"]] = form
            if not (size > 0.0 or (targets and size == 0.0)):
                unsized()
                return
            if further:
                self.further[len(self.row)] = further
            add_row(row)
            add_form(form)
            add_size(size)

        return take


class Reader:
    """Reads the dicts of one strategy."""

    def __init__(self, strategy: PythonStrategy, number: int, decisions: Decisions) -> None:
        self.strategy = strategy
        self.number = number
        self.decisions = decisions
        self.keys = (*KEYS, *strategy.orders)

    def read(self, said: dict[Any, Any]) -> tuple[int, float, dict[str, Any]]:
        """The form, the size, and the values of further columns.  A key whose value is None is not there."""
        given = {key: value for key, value in said.items() if value is not None}
        for key in given:
            if key not in self.keys:
                raise HqError(self._unknown(key), DATA)
        if "action" not in given:
            raise HqError(
                "the dict has no action", DATA, hint=f"such as {{'action': 'BUY'}}; keys are {_listed(self.keys)}"
            )
        action, verbs = ACTIONS[_word("action", given["action"], ACTIONS)]
        kind = _word("type", given.get("type", "market"), TYPES)
        unit = _word("unit", given.get("unit", UNITS_OWN), UNITS)
        rule = _whole("rule", given.get("rule", RULE))
        if not 0 <= rule < 1 << 31:
            raise HqError(f"rule is {rule}, must be a number from 0 on", DATA)
        further = {name: _value(name, given[name]) for name in self.strategy.orders if name in given}
        self._price(kind, given, further)
        _fitting(action, kind, unit, given, further)
        for key, value in _dict(given.get("meta", {})).items():
            further[META + str(key)] = self._meta(key, value)
        turn = tuple(verb for verb in IN_TURN if verb in verbs)
        size = _number("size", given.get("size", math.inf))
        if turn == TARGET and not math.isfinite(size):
            raise HqError("a target is a position: size, below 0 for short, 0 for none", DATA)
        short = turn == TARGET and size < 0.0
        form = Form(self.number, turn, TYPES[kind], UNITS[unit], rule, short)
        return self.decisions.known(form), abs(size) if short else size, further

    def _price(self, kind: str, given: dict[str, Any], further: dict[str, Any]) -> None:
        """The price, which is that of the column that the type wants; what it wants must be there."""
        wants = _needs(kind, further)
        if "price" in given:
            if not wants:
                raise HqError(
                    f"a {kind} order has a price", DATA, hint="say type, such as 'limit', or leave the price out"
                )
            if wants[-1] in further:
                raise HqError(f"price and {wants[-1]} are one of a {kind} order, and both are given", DATA)
            further[wants[-1]] = _number("price", given["price"])
        for name in wants:
            if name not in self.strategy.orders:
                what = f"a {kind} order has a column '{name}', which the class does not declare"
                raise HqError(what, DATA, hint=f"orders = {wants!r} in the class does")
            if name not in further:
                raise HqError(f"a {kind} order without a {'price' if name == wants[-1] else name}", DATA)
        for name in PRICED:
            if name in further and not 0.0 < further[name] < math.inf:
                raise HqError(f"{name} is {further[name]:.15g}, must be above 0", DATA)

    def _meta(self, key: Any, value: Any) -> Any:
        declared = self.strategy.meta
        if key not in declared:
            hint = did_you_mean(str(key), list(declared)) or f"; meta = {{'{key}': float}} in the class declares it"
            raise HqError(f"meta: {key!r:.40} is not declared{hint}", DATA)
        kind, texts = declared[key]
        if kind != "s4":
            return _whole(f"meta: {key}", value) if kind == "i8" else _float(f"meta: {key}", value)
        if value not in texts:
            hint = did_you_mean(str(value), texts) or f"; meta declares {_listed(texts)}"
            raise HqError(f"meta: {key} is {value!r:.40}, which is none of its texts{hint}", DATA)
        return value

    def _unknown(self, key: Any) -> str:
        if key in FURTHER:
            return f"the class does not declare '{key}' as a column of its orders; orders = ('{key}',) does"
        word = {"quantity": "size"}.get(key, key)
        near = f"; did you mean {word}?" if word in self.keys else did_you_mean(str(key), self.keys)
        return f"unknown key {key!r:.40}{near or f'; keys are {_listed(self.keys)}'}"


def _needs(kind: str, further: dict[str, Any]) -> tuple[str, ...]:
    """The columns that an order of this type cannot do without."""
    return ("trail_frac",) if kind == "trail" and "trail_frac" in further else TYPE_NEEDS[kind]


def _fitting(action: str, kind: str, unit: str, given: dict[str, Any], further: dict[str, Any]) -> None:
    """Refuse what an action does not take, in the language neither, and what contradicts itself."""
    takes, opens = taken_by(action), not action.startswith("CLOSE")
    for name in further:
        if name not in takes and name in CHECKED:
            raise HqError(f"{action} takes no {name}", DATA)
    if "size" in given and not any(key in takes for key in SIZES):
        raise HqError(f"{action} takes no size", DATA)
    if KEY_OF_UNIT[unit] not in takes and ("unit" in given or takes):
        raise HqError(f"{action} takes no size in {unit}", DATA)
    wants = _needs(kind, further)
    if not all(name in takes for name in wants) or (kind == "trail" and opens):
        raise HqError(f"{action} is of no type {kind}", DATA)
    means = (*wants, *TYPE_MAY.get(kind, ()))
    if all(name in further for name in TRAILS):
        raise HqError(f"{' and '.join(TRAILS)} both say how far behind; give one of them", DATA)
    only_of_type = ("limit", "trigger", *(() if opens else TRAILS))
    spare = [name for name in only_of_type if name in further and name not in means]
    if spare:
        fits = "trail" if spare[0] in TRAILS else type_of(further)
        raise HqError(f"a {kind} order has no {spare[0]}", DATA, hint=f"say type '{fits}', or leave it out")
    if unit == "risk_frac" and "stop" not in further:
        raise HqError("risk_frac is what is lost at the stop, and there is no stop", DATA)
    tif = further.get("tif", TIFS["gtc"])
    wrong = wrong_life(UNTIL if tif == TIFS[UNTIL] else "", "expire" in further)
    if wrong:
        raise HqError(f"an order {wrong}", DATA)
    if "expire" in further:
        further["expire"] = expiry(further["expire"])


CHECKED = (*PRICED, *LIVES, *FLAGS)  # the further columns that only some actions take
UNITS_OWN = next(word for word, code in UNITS.items() if code == ACCOUNTS_UNIT)


def _listed(words: Any) -> str:
    return ", ".join(words)


def _no_action(said: Any) -> str:
    return f"next gave {said!r:.60}, must be None, an action such as 'BUY', a dict or a list of them"


def _word(key: str, value: Any, known: dict[str, Any]) -> str:
    if not isinstance(value, str) or value not in known:
        near = value.upper() if key == "action" and isinstance(value, str) else value
        hint = did_you_mean(near, list(known)) if isinstance(near, str) else ""
        raise HqError(f"{key} is {value!r:.40}{hint or f', must be one of {_listed(known)}'}", DATA)
    return value


def _dict(value: Any) -> dict[Any, Any]:
    if not isinstance(value, dict):
        raise HqError(f"meta is {value!r:.40}, must be a dict of values by their names", DATA)
    return value


def _float(key: str, value: Any) -> float:
    if not isinstance(value, (str, bytes)):
        try:
            return float(value)
        except (TypeError, ValueError, OverflowError):
            pass
    raise HqError(f"{key} is {value!r:.40}, must be a number", DATA)


def _number(key: str, value: Any) -> float:
    if isinstance(value, bool):
        raise HqError(f"{key} is {value}, must be a number", DATA)
    return _float(key, value)


def _whole(key: str, value: Any) -> int:
    number = _number(key, value)
    if isinstance(value, int) and -(2**63) <= value < 2**63:
        return value
    if not number.is_integer() or abs(number) >= WHOLE:
        raise HqError(f"{key} is {value!r:.40}, must be a whole number", DATA)
    return int(number)


def _value(name: str, value: Any) -> Any:
    """A value of a further column, as its type has it."""
    if name in CODED:
        return CODED[name][_word(name, value, CODED[name])]
    if OF[name] == "b1":
        if not isinstance(value, bool):
            raise HqError(f"{name} is {value!r:.40}, must be True or False", DATA)
        return int(value)
    return _number(name, value) if OF[name] == "f8" else _whole(name, value)
