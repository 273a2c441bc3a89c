"""From a file's column names and its first row to a plan: what each field is and what rows come out."""
from __future__ import annotations

from typing import TYPE_CHECKING

from hq_core.batch import LONGEST, period_ns
from hq_core.errors import DATA, USAGE, HqError, did_you_mean
from hq_core.formats.csv_kernel import BOOL, ISO, MAKER, REAL, SECOND, SERIES, SIDE, SKIP, WHOLE
from hq_core.formats.names import (
    BAR_NAMES,
    IGNORED,
    TRADE_NAMES,
    is_number,
    split_unit,
    squash,
    without_header,
)
from hq_core.formats.times import UNITS, Zone, exact_whole, period_text, read_epoch, read_iso
from hq_core.kinds import BAR, TRADE
from hq_core.wire.frame import MAX_COLUMNS

if TYPE_CHECKING:
    from hq_core.formats.options import Options

OPS = {"i8": WHOLE, "i4": WHOLE, "f8": REAL, "b1": BOOL, "i1": SIDE}
WIDE, MOST_I4 = "trades as int64", 2**31 - 1
BOTH, FROM_OPEN, FROM_CLOSE = range(3)      # which of a bar's two times the file has


class Field:
    """One field of the file.

    name   as the file calls it;  op: what the kernel does with it;  to: the column that it fills, '' for none
    times  plus: stored = value * times + plus;  digits: how many a time must have, 0 for any;  zoned: ISO with a zone
    empty  an empty field is NaN and no error
    """

    __slots__ = ("digits", "empty", "name", "op", "plus", "times", "to", "zoned")

    def __init__(self, name: str, op: int = SKIP, to: str = "", empty: bool = False) -> None:
        self.name = name
        self.op = op
        self.to = to
        self.times, self.plus = 1, 0
        self.digits = 0
        self.zoned = True
        self.empty = empty


class Plan:
    """How rows are made of a file's fields.

    kind     trade or bar
    cols     the columns that come out
    scratch  int64 columns needed on the way: first and last trade id, or the number of trades before it is int32
    stamps   BOTH, FROM_OPEN or FROM_CLOSE: how a bar's other time is found
    period   ns of a bar; 0 when it takes a second row to know
    given    the period was given, not found: rows may lie closer than it
    zone     of times without one
    """

    __slots__ = ("cols", "fields", "given", "kind", "period", "scratch", "stamps", "zone")

    def __init__(self, kind: str, fields: list[Field]) -> None:
        self.kind = kind
        self.fields = fields
        self.cols: list[tuple[str, str]] = []
        self.scratch: list[str] = []
        self.stamps = BOTH
        self.period = 0
        self.given = False
        self.zone: Zone | None = None

    def field(self, to: str) -> Field:
        return next(field for field in self.fields if field.to == to)

    @property
    def period_text(self) -> str:
        return period_text(self.period)

    def series_field(self) -> int:
        """Which field is the symbol; -1 if none."""
        return next((i for i, field in enumerate(self.fields) if field.op == SERIES), -1)

    def clock(self, row: list[str]) -> int:
        """ns of the one time column of a bar, on the file's own clock.  Raises ValueError."""
        to = "open_time" if self.stamps == FROM_OPEN else "ts"
        at = next(i for i, field in enumerate(self.fields) if field.to == to)
        try:
            return whole(self.fields[at], row[at])
        except ValueError as error:
            raise ValueError(f"column '{self.fields[at].name}': '{row[at]}' {error}") from None

    def infer(self, first: list[str], second: list[str]) -> None:
        """The period is the distance of the first two rows; `check_bars` watches that none is smaller."""
        self.period = self.clock(second) - self.clock(first)
        if not self.period_text or self.period > LONGEST * SECOND:
            raise HqError(
                f"the period cannot be told from the first two rows, which are {self.period / SECOND:g} s apart; "
                "pass --period to hq-import"
            )


def whole(field: Field, text: str) -> int:
    """The integer that a WHOLE or ISO field stores.  Raises ValueError saying what the text is not."""
    if field.op == ISO:
        found = read_iso(text)
        if found is None:
            raise ValueError("is not an ISO 8601 time")
        if found[1] != field.zoned:
            raise ValueError("has a zone, the first row had none" if found[1] else "has no zone, the first row had one")
        return found[0] + field.plus
    if field.digits and len(text.lstrip("-")) != field.digits:
        raise ValueError(f"has {len(text)} digits, the first row had {field.digits}: is it another unit?")
    if field.times != 1 or field.to in ("ts", "open_time"):
        ns = read_epoch(text, field.times)
        if ns is None:
            raise ValueError("is not a time")
        return ns + field.plus
    value = exact_whole(text)               # pandas writes 782.0 where a column has gaps
    if value is None:
        raise ValueError("is not a whole number")
    if not -(2**63) <= value < 2**63 or (field.to == WIDE and abs(value) > MOST_I4):
        raise ValueError(f"does not fit {32 if field.to == WIDE else 64} bits")
    return value


def roles(names: list[str], table: dict[str, tuple[str, ...]], given: dict[str, str]) -> dict[str, int]:
    """hq's name -> which field: those of `given` first, then by the table of names."""
    found: dict[str, int] = {}
    for role, name in given.items():
        if name in names:
            found[role] = names.index(name)
        elif name.isdecimal() and 1 <= int(name) <= len(names):
            found[role] = int(name) - 1
        else:
            hint = did_you_mean(name, names)
            raise HqError(f"column '{name}' is missing; the input has {', '.join(names)}{hint}", DATA)
    squashed = [squash(split_unit(name)[0]) for name in names]
    taken = set(found.values())
    for role, aliases in table.items():
        if role not in found:
            at = next((squashed.index(a) for a in aliases if a in squashed and squashed.index(a) not in taken), -1)
            if at >= 0:
                found[role] = at
                taken.add(at)
    return found


def build(names: list[str] | None, first: list[str], options: Options) -> Plan:
    """The plan of a file with these column names (None: it has no header) and this first row.

    Raises HqError that names the option when the file leaves something open.
    """
    if names is None:
        names = without_header(first)
        if names is None and not options.columns:
            raise HqError(
                f"{len(first)} columns without a header, in no known order ({','.join(first)[:60]}); "
                "pass --columns ts=1,price=2,… to hq-import"
            )
        names = names or [str(i + 1) for i in range(len(first))]
    if len(names) != len(first):
        raise HqError(f"row 1 has {len(first)} fields, the header has {len(names)}")
    kind = options.kind or _kind(names, options.columns)
    table = BAR_NAMES if kind == "bar" else TRADE_NAMES
    allowed = {*table, *(name for name, _ in BAR)} if kind == "bar" else {*table}
    for role in options.columns:
        if role not in allowed and kind == "trade":
            raise HqError(f"--columns: '{role}' is no column of a {kind}{did_you_mean(role, [*table])}", USAGE)
    found = roles(names, table, options.columns)
    plan = Plan(kind, [Field(name) for name in names])
    needs: list[str] = []
    if kind == "bar":
        _bar(plan, found, names, first, options, needs)
    else:
        _trade(plan, found, names, first, options, needs)
    if needs:
        raise HqError("; ".join(needs))
    if len(plan.cols) > MAX_COLUMNS:
        raise HqError(f"the input has {len(plan.cols)} columns of numbers, a series takes at most {MAX_COLUMNS}")
    if "symbol" in found:
        if options.symbol:
            column = names[found["symbol"]]
            raise HqError(f"--symbol {options.symbol}: the input says its symbols itself, in column '{column}'", USAGE)
        plan.fields[found["symbol"]].op = SERIES
    return plan


def _kind(names: list[str], given: dict[str, str]) -> str:
    bar, trade = roles(names, BAR_NAMES, {}), roles(names, TRADE_NAMES, {})
    is_bar = "close" in given or "close" in bar
    is_trade = "price" in given or ("price" in trade and "qty" in trade)
    if is_bar == is_trade:
        what = "are neither bars (close) nor trades (price, qty): pass --columns"
        if is_bar:
            what = "may be bars or trades: pass --kind"
        raise HqError(f"the columns {', '.join(names)[:200]} {what} to hq-import")
    return "bar" if is_bar else "trade"


def _time(field: Field, text: str, obvious: bool, plan: Plan, options: Options, needs: list[str]) -> None:
    """Find out how a time column tells the time, or what must be asked."""
    field.op = WHOLE
    _, unit = split_unit(field.name)
    unit = unit or options.time_unit
    if is_number(text):
        if not unit and obvious and text.isdecimal() and len(text) in (13, 16):
            unit = "ms" if len(text) == 13 else "us"
            field.digits = len(text)
        if not unit:
            needs.append(f"column '{field.name}' holds {text}: seconds, ms, us or ns? pass --time-unit to hq-import")
        field.times = UNITS[unit or "ns"]
        return
    found = read_iso(text)
    if found is None:
        raise HqError(f"row 1: column '{field.name}': '{text}' is not a time: ISO 8601 or an epoch number")
    field.op = ISO
    field.zoned = found[1]
    if not field.zoned:
        if not options.tz:
            needs.append(f"column '{field.name}' holds '{text}': in which zone? pass --tz (such as UTC) to hq-import")
        elif plan.zone is None:
            plan.zone = Zone(options.tz)


def _bar(
    plan: Plan, found: dict[str, int], names: list[str], first: list[str], options: Options, needs: list[str]
) -> None:
    fields = plan.fields
    has_open, has_close = "open_time" in found, "close_time" in found
    if "close" not in found:
        raise HqError(f"column 'close' is missing; the input has {', '.join(names)}")
    if not (has_open or has_close or "ts" in found):
        raise HqError(f"no time column; the input has {', '.join(names)}; pass --columns ts=NAME to hq-import")
    for role in ("open_time", "close_time", "ts"):
        if role in found and not (role == "ts" and has_open and has_close):
            field = fields[found[role]]
            _time(field, first[found[role]], role != "ts", plan, options, needs)
            field.to = "open_time" if role == "open_time" else "ts"
    _stamps(plan, found, first, options, needs)
    present = {"ts", "open_time", *(role for role in found if role not in ("ts", "open_time", "close_time", "symbol"))}
    plan.cols = [col for col in BAR if col[0] in present]
    for name, kind in plan.cols:
        if name not in ("ts", "open_time"):
            field = fields[found[name]]
            field.op, field.to, field.empty = OPS[kind], name, kind == "f8"
    for role, at in found.items():
        if role not in present and fields[at].op == SKIP and role != "symbol":     # a name of the user's own
            fields[at].op, fields[at].to, fields[at].empty = REAL, role, True
            plan.cols.append((role, "f8"))
    _extra(plan, found, first)


def _stamps(plan: Plan, found: dict[str, int], first: list[str], options: Options, needs: list[str]) -> None:
    """Which end of the bar is known, and the period."""
    has_open, has_ts = "open_time" in found, "ts" in found or "close_time" in found
    if has_open and has_ts:
        plan.stamps = BOTH
    elif has_open:
        plan.stamps = FROM_OPEN
        if options.stamp == "close":
            name = plan.fields[found["open_time"]].name
            raise HqError(f"--stamp close: column '{name}' says that it is the bar's open", USAGE)
    elif "close_time" in found:
        plan.stamps = FROM_CLOSE
    else:
        field = plan.fields[found["ts"]]
        if not options.stamp:
            needs.append(f"column '{field.name}': is it the bar's open or its close? pass --stamp to hq-import")
        plan.stamps = FROM_OPEN if options.stamp == "open" else FROM_CLOSE
        field.to = "open_time" if options.stamp == "open" else "ts"
    if needs:
        return
    if "close_time" in found:
        # exchanges name a bar's last millisecond or microsecond; hq's close is the instant after it
        field = plan.fields[found["close_time"]]
        ns = _first(field, first[found["close_time"]])
        field.plus = next((grain for grain in (1_000_000, 1_000, 1) if ns % SECOND and (ns + grain) % SECOND == 0), 0)
    if options.period:
        plan.period, plan.given = period_ns(options.period), True
    elif plan.stamps == BOTH:
        close = plan.field("ts")
        opened = _first(plan.field("open_time"), first[found["open_time"]])
        plan.period = _first(close, first[plan.fields.index(close)]) - opened
        if not plan.period_text:
            raise HqError(f"row 1: the bar lasts {plan.period / SECOND:g} s, which is no period")


def _first(field: Field, text: str) -> int:
    try:
        return whole(field, text)
    except ValueError as error:
        raise HqError(f"row 1: column '{field.name}': '{text}' {error}") from None


def _extra(plan: Plan, found: dict[str, int], first: list[str]) -> None:
    """Further numeric columns of bars come along under their own names: indicators, features."""
    have = {name for name, _ in plan.cols}
    used = set(found.values())
    for i, field in enumerate(plan.fields):
        text = first[i].lower().lstrip("-")
        numeric = is_number(first[i]) or text in ("", "nan", "inf")
        if i in used or field.op != SKIP or field.name.strip().lower() in IGNORED or not numeric:
            continue
        name = "_".join(field.name.split())
        if name and not name[0].isdecimal() and name not in have:
            field.op, field.to, field.empty = REAL, name, True
            plan.cols.append((name, "f8"))
            have.add(name)


def _trade(
    plan: Plan, found: dict[str, int], names: list[str], first: list[str], options: Options, needs: list[str]
) -> None:
    fields = plan.fields
    for role in ("ts", "price", "qty"):
        if role not in found:
            has = ", ".join(names)
            raise HqError(f"column '{role}' is missing; the input has {has}; pass --columns {role}=NAME to hq-import")
    time = fields[found["ts"]]
    obvious = "maker" in found or squash(time.name) == "transacttime"
    _time(time, first[found["ts"]], obvious, plan, options, needs)
    time.to = "ts"
    for role, op in (("price", REAL), ("qty", REAL), ("id", WHOLE), ("trades", WHOLE), ("side", SIDE)):
        if role in found:
            fields[found[role]].op, fields[found[role]].to = op, role
    if "id" in found and not first[found["id"]].isdecimal():
        fields[found["id"]].op, fields[found["id"]].to = SKIP, ""       # some venues' ids are text
        del found["id"]
    if "maker" in found and "side" not in found:
        fields[found["maker"]].op, fields[found["maker"]].to = MAKER, "side"
    if "first" in found and "last" in found and "trades" not in found:
        plan.scratch = ["first", "last"]
        for role in plan.scratch:
            fields[found[role]].op, fields[found[role]].to = WHOLE, role
    have = {field.to for field in fields} | ({"trades"} if plan.scratch else set())
    if "trades" in found:
        fields[found["trades"]].to, plan.scratch = WIDE, [WIDE]
        have.add("trades")
    plan.cols = [col for col in TRADE if col[0] in have]
