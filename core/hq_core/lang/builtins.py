"""The functions that the language has besides indicators: what each takes, and the expression that it stands for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hq_core import registry
from hq_core.errors import HqError
from hq_core.kernels import across
from hq_core.series.expr import BOOL, F8, Expr, applied, column, constant, crossed, indicator, lagged, moment

if TYPE_CHECKING:
    from collections.abc import Callable

NUMBER, CONDITION, EITHER, ROWS, TIME, ZONE, WORD = (
    "a number or a series",
    "a condition",
    "a number, a series or a condition",
    "a whole number of rows that is known beforehand",
    "ts or open_time",
    "the name of a time zone in quotes",
    "a text in quotes",
)
MOST_ROWS = 100_000


class Takes:
    """An argument: what it is called, and what it must be.

    default  what stands for it where it is left out; None: it must be given
    many     it may come several times
    """

    __slots__ = ("default", "kind", "many", "name")

    def __init__(self, name: str, kind: str = NUMBER, default: object = None, many: bool = False) -> None:
        self.name = name
        self.kind = kind
        self.default = default
        self.many = many

    def __str__(self) -> str:
        if self.many:
            return f"{self.name}, ..."
        return self.name if self.default is None else f"{self.name}={self.default}"


class Builtin:
    """A function.

    makes    the expression, from its arguments: expressions, and whole numbers or texts where they are known beforehand
    meaning  what it gives
    """

    __slots__ = ("makes", "meaning", "takes")

    def __init__(self, meaning: str, makes: Callable[..., Expr], *takes: Takes) -> None:
        self.meaning = meaning
        self.makes = makes
        self.takes = takes

    def written(self, name: str) -> str:
        """How it is called."""
        return f"{name}({', '.join(map(str, self.takes))})"


def _folded(op: str) -> Callable[..., Expr]:
    def makes(*args: Expr) -> Expr:
        found = args[0]
        for other in args[1:]:
            found = applied(op, found, other)
        return found

    return makes


def _over(name: str, of: Expr, rows: int) -> Expr:
    """An indicator over the last so many rows; over one it is the row itself."""
    return of if rows == 1 else indicator(registry.load(name), [of], {"period": rows})


def _if(condition: Expr, a: Expr, b: Expr) -> Expr:
    if a.dtype != b.dtype:
        raise HqError("IF chooses between two numbers or two conditions, not one of each")
    if a.dtype == BOOL:  # of conditions, so that it is true or false whatever clocks they are of
        held = applied("and_", condition, a, dtype=BOOL)
        other = applied("and_", applied("not_", condition, dtype=BOOL), b, dtype=BOOL)
        return applied("or_", held, other, dtype=BOOL)
    return applied("where", condition, a, b)


def _beyond(op: str, name: str) -> Callable[[Expr, int], Expr]:
    return lambda x, rows: applied(op, x, _over(name, lagged(x, 1), rows), dtype=BOOL)


def _op(op: str, dtype: str = F8) -> Callable[..., Expr]:
    return lambda *args: applied(op, *args, dtype=dtype)


def _condition(op: str) -> Callable[..., Expr]:
    return _op(op, BOOL)


def _count(condition: Expr, rows: int) -> Expr:
    return _over("sum", applied("where", condition, constant(1.0), constant(0.0)), rows)


def _of_time(op: str) -> Callable[..., Expr]:
    return lambda zone, time, clock: moment(op, column(time, clock), zone)


def _in_session(session: str, zone: str, time: str, clock: Any) -> Expr:
    from re import fullmatch

    found = fullmatch(r"(\d\d):(\d\d)-(\d\d):(\d\d)", session)
    hours = [int(part) for part in found.groups()] if found else [99] * 4
    first, last = 60 * hours[0] + hours[1], 60 * hours[2] + hours[3]
    if max(first, last) > 1440 or hours[1] > 59 or hours[3] > 59 or first == last:
        raise HqError(f"a session is '{session}', must be two times of the day, as in \"09:30-16:00\"")
    return moment("in_session", column(time, clock), zone, {"first": first, "last": last}, BOOL)


def _time_label(minutes: int, zone: str, time: str, clock: Any) -> Expr:
    if 1440 % minutes:
        raise HqError(f"{minutes} minutes do not divide a day")
    return moment("time_label", column(time, clock), zone, {"minutes": minutes})


def _across(meaning: str, name: str, what: int) -> Builtin:
    return Builtin(meaning, lambda x, by: crossed(name, what, x, by), _X, Takes("by", default=0))


_X, _Y, _C = Takes("x"), Takes("y"), Takes("condition", CONDITION)
_WHEN = (Takes("zone", ZONE, "UTC"), Takes("time", TIME, "ts"))


def _clock(what: str, op: str) -> Builtin:
    return Builtin(what, _of_time(op), *_WHEN)


ACROSS = {
    name: _across(meaning, name, what)
    for name, what, meaning in (
        (
            "RANK",
            across.RANK,
            "x's place among the symbols of a panel at that ts, over their number: 1 is the largest; equals have the "
            "mean of their places",
        ),
        ("DEMEAN", across.DEMEAN, "x less its mean over the symbols at that ts"),
        (
            "ZSCORE_CS",
            across.ZSCORE,
            "DEMEAN over the deviation of the symbols at that ts, as of a sample; NaN where they are alike or one",
        ),
        ("CS_MEAN", across.MEAN, "the mean of x over the symbols at that ts"),
        ("CS_SUM", across.SUM, "the sum of x over the symbols at that ts"),
        ("CS_COUNT", across.COUNT, "how many symbols have x at that ts"),
    )
}
BUILTINS = {
    **ACROSS,
    "IF": Builtin("a where the condition holds, else b", _if, _C, Takes("a", EITHER), Takes("b", EITHER)),
    "ABS": Builtin("size without sign", _op("abs_"), _X),
    "SIGN": Builtin("1, -1 or 0", _op("sign"), _X),
    "MIN": Builtin("the smallest of the values", _folded("min_"), _X, _Y, Takes("z", many=True)),
    "MAX": Builtin("the largest of the values", _folded("max_"), _X, _Y, Takes("z", many=True)),
    "POW": Builtin("x ^ y", _op("power"), _X, _Y),
    "NZ": Builtin("x, or y where x is NaN", _op("nz"), _X, Takes("y", default=0)),
    "NA": Builtin("true where x is NaN", _condition("na"), _X),
    "CROSSOVER": Builtin("true on the row at which x comes to lie above y", _condition("crossover"), _X, _Y),
    "CROSSUNDER": Builtin("true on the row at which x comes to lie below y", _condition("crossunder"), _X, _Y),
    "CROSS": Builtin("true on the rows of CROSSOVER and on those of CROSSUNDER", _condition("cross"), _X, _Y),
    "RISING": Builtin("true where x is above each of the n values before", _beyond("gt", "max"), _X, Takes("n", ROWS)),
    "FALLING": Builtin("true where x is below each of the n values before", _beyond("lt", "min"), _X, Takes("n", ROWS)),
    "HIGHEST": Builtin("the largest of the last n values", lambda x, n: _over("max", x, n), _X, Takes("n", ROWS)),
    "LOWEST": Builtin("the smallest of the last n values", lambda x, n: _over("min", x, n), _X, Takes("n", ROWS)),
    "CHANGE": Builtin("x less x[n]", lambda x, n: applied("sub", x, lagged(x, n)), _X, Takes("n", ROWS, 1)),
    "COUNT": Builtin("on how many of the last n rows the condition held", _count, _C, Takes("n", ROWS)),
    "BARSSINCE": Builtin(
        "rows since the condition held, 0 where it does; NaN before it first did", _op("barssince"), _C
    ),
    "VALUEWHEN": Builtin(
        "x at the n-th last row at which the condition held, this row included; NaN before there is one",
        lambda c, x, n: applied("valuewhen", c, x, params={"back": n}, ring=n),
        _C,
        _X,
        Takes("n", ROWS, 1),
    ),
    "HOUR": _clock("0 to 23, of the row's ts", "hour"),
    "MINUTE": _clock("0 to 59", "minute"),
    "MINUTE_OF_DAY": _clock("0 to 1439", "minute_of_day"),
    "WEEKDAY": _clock("1 on Mondays to 7 on Sundays", "weekday"),
    "DAY": _clock("1 to 31", "day"),
    "MONTH": _clock("1 to 12", "month"),
    "YEAR": _clock("as 2026", "year"),
    "TIME_LABEL": Builtin(
        "in which stretch of so many minutes of its day the row closes, from 1 on; on the border it closes the earlier",
        _time_label,
        Takes("minutes", ROWS, 5),
        *_WHEN,
    ),
    "IN_SESSION": Builtin(
        'true where the row closes after the first time of "09:30-16:00" and not after the second',
        _in_session,
        Takes("session", WORD),
        *_WHEN,
    ),
}
