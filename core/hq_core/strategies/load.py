"""A strategy's class: found in a file, and what it declares."""

from __future__ import annotations

import os
import sys
from copy import copy
from typing import TYPE_CHECKING, Any

from hq_core.errors import CONFIG, DATA, NOINPUT, USAGE, HqError, Theirs, did_you_mean
from hq_core.kinds import ORDER
from hq_core.options.signal import PythonOptions
from hq_core.plugins import blame, digest, folders
from hq_core.specs import distinct, several

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import ModuleType

    from hq_core.specs import Spec

HEARD = {"order_state": "on_order", "fill": "on_trade"}  # what an account calls a strategy inside it with, by kind
FORM = "FILE:CLASS, such as strategy.py:MyStrategy"
# columns of orders that a class may declare beyond those that all have
FURTHER = tuple(column.name for column in ORDER.columns if column.optional and column.name != "rule")
FLOAT_MAX = int(sys.float_info.max)
META_TYPES = {float: "f8", int: "i8"}


class PythonStrategy:
    """A strategy that is a class with `next(row)`.

    given    FILE:CLASS; a program may have the class itself
    name     what its orders are called by: the class's
    label    what its errors are called by
    numbers  its params: public attributes of the class that are numbers, by name, in the order of the class
    given    params set from outside
    specs    indicators that the class asks for
    reads    columns of the stream that a row has; None: all
    orders   further columns of its orders;  meta: columns of META, by key: the type, and the texts that an s4 may have
    inputs   digests of its files
    inside   it reads its account: it says so, or has methods that an account calls
    desk     there are accounts
    """

    def __init__(self, given: str | type, desk: bool = False) -> None:
        self.given: dict[str, float] = {}
        self.inputs: dict[str, str] = {}
        if isinstance(given, str):
            self._class = self._found(given)
        elif isinstance(given, type):
            self._class, self.label = given, given.__name__
        else:
            raise TypeError(f"{given!r:.60} is no strategy; it is a class, or {FORM}")
        self.name = self._class.__name__
        self.numbers = _numbers(self._class)
        for name, value in self.numbers.items():
            if isinstance(value, int) and abs(value) > FLOAT_MAX:
                raise self.wrong(f"{name} is a number that float64 cannot hold, so it is no param; call it _{name}")
        self.inside = self._reads_account()
        self._check_methods(desk)
        self.specs: list[Spec] = self._specs()
        reads = self._names("reads")
        self.reads = reads or None
        self.orders = self._names("orders")
        for name in self.orders:
            if name not in FURTHER:
                hint = did_you_mean(name, FURTHER) or f"; there are {', '.join(FURTHER)}"
                raise self.wrong(f"orders: '{name}' is no further column of orders{hint}")
        self.meta = self._meta()

    @property
    def defaults(self) -> dict[str, float]:
        """Its params, and what they are where nobody sets them."""
        return self.numbers

    def under(self, name: str, given: Mapping[str, float | str]) -> PythonStrategy:
        """The same strategy under another name, with these params."""
        made = copy(self)
        made.name, made.given = name, {**self.given, **given}  # type: ignore[dict-item]
        return made

    def wrong(self, what: str) -> HqError:
        return Theirs(f"{self.label}: {what}", DATA)

    def made(self) -> Any:
        """An instance, with the params that are set."""
        made = self._class
        if self.given:
            made = type(made.__name__, (made,), {"__module__": made.__module__, **self._set()})
        with blame.running(self.label, folders.STRATEGIES.remedy):
            found = made()
            runs = callable(getattr(found, "next", None))
        if not runs:
            raise self.wrong(f"its instance, of {type(found).__name__}, has no next(self, row)")
        return found

    def check_resumable(self) -> None:
        """HqError CONFIG where the class does not say what its state is."""
        lacks = [name for name in ("save", "load") if not callable(getattr(self._class, name, None))]
        if lacks:
            what = f"{self.label}: has no {' and no '.join(lacks)}, so a run of it cannot go on from a state"
            hint = "define save(), which gives plain values, and load(saved), or run without a state"
            raise HqError(what, CONFIG, hint=hint)

    # -- the file ----------------------------------------------------------------------------------------
    def _found(self, given: str) -> type:
        file, colon, name = given.rpartition(":")
        stem = os.path.basename(file).removesuffix(".py")
        if not colon or not name.isidentifier() or not file.endswith(".py") or not stem or "." in stem:
            raise HqError(subject=PythonOptions.python, value=given, rule=f"must be {FORM}", code=USAGE)
        self.label = given
        path = os.path.abspath(file)
        if not os.path.isfile(path):  # to read a pipe or a device may never end
            what = "is no file" if os.path.exists(path) else "No such file or directory"
            raise HqError(f"{file}: {what}", NOINPUT)
        with blame.running(file, folders.STRATEGIES.remedy):
            module = folders.load(path, folders.STRATEGIES)
        for one, loaded in folders.beside(module).items():
            self.inputs[name if one == stem else f"{name} {one}.py"] = digest(loaded)
        return _class_of(module, file, name)

    # -- what the class declares -------------------------------------------------------------------------
    def _reads_account(self) -> bool:
        said = getattr(self._class, "account", False)
        if type(said) is not bool:
            raise self.wrong(f"account is {said!r:.40}, must be True where the class reads its account")
        return said or any(hasattr(self._class, name) for name in HEARD.values())

    def _check_methods(self, desk: bool) -> None:
        if not callable(getattr(self._class, "next", None)):
            raise self.wrong("has no next(self, row), which is called with every row")
        if self.inside and not desk:
            what = next((name for name in HEARD.values() if hasattr(self._class, name)), "account")
            raise self.wrong(f"{what}: hq-signal has no account; hq-backtest --python runs such a class")

    def _specs(self) -> list[Spec]:
        try:
            return distinct(several(getattr(self._class, "indicators", ())))
        except HqError as error:
            raise self.wrong(f"indicators: {error}") from None

    def _names(self, attribute: str) -> tuple[str, ...]:
        """Names in a tuple, or in a text with blanks between."""
        given = getattr(self._class, attribute, ())
        names = tuple(given.split()) if isinstance(given, str) else given
        if not isinstance(names, (tuple, list)) or not all(isinstance(one, str) for one in names):
            raise self.wrong(f"{attribute} is {given!r:.40}, must be names, such as ('{_SUCH[attribute]}',)")
        return tuple(names)

    def _meta(self) -> dict[str, tuple[str, tuple[str, ...]]]:
        given = getattr(self._class, "meta", {})
        if not isinstance(given, dict) or not all(isinstance(key, str) and key for key in given):
            raise self.wrong(f"meta is {given!r:.40}, must be types by names, such as {{'x': float}}")
        found: dict[str, tuple[str, tuple[str, ...]]] = {}
        for key, kind in given.items():
            if isinstance(kind, type) and kind in META_TYPES:
                found[key] = META_TYPES[kind], ()
            elif isinstance(kind, (tuple, list)) and kind and all(isinstance(one, str) for one in kind):
                found[key] = "s4", tuple(dict.fromkeys(kind))
            else:
                raise self.wrong(
                    f"meta: {key} is {kind!r:.40}, must be float, int, or a tuple of the texts it may have"
                )
        return found

    def _set(self) -> dict[str, float]:
        """The params that are set; a whole number in place of a whole number stays one, as a period must be."""
        return {
            name: int(value) if type(self.numbers[name]) is int and float(value).is_integer() else value
            for name, value in self.given.items()
        }


_SUCH = {"reads": "close", "orders": "limit"}


def _class_of(module: ModuleType, file: str, name: str) -> type:
    """The class of that name.  HqError DATA where there is none."""
    found = getattr(module, name, None)
    if isinstance(found, type):
        return found
    there: Sequence[str] = [
        key for key, one in vars(module).items() if isinstance(one, type) and callable(getattr(one, "next", None))
    ]
    has = f"; it has {', '.join(there)}" if there else "; a strategy is a class with next(self, row)"
    raise HqError(f"{file}: has no class '{name}'{did_you_mean(name, list(there)) or has}", DATA)


def _numbers(of: type) -> dict[str, float]:
    """Attributes of a class and those that it is made of which are numbers and do not begin with _."""
    found: dict[str, float] = {}
    for one in reversed(of.__mro__[:-1]):
        for name, value in vars(one).items():
            if type(value) in (int, float) and not name.startswith("_"):
                found[name] = value
    return found
