"""From a file's column names and its first row to a plan: what each field is and what rows come out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hq_core import kinds
from hq_core.batch import period_ns
from hq_core.errors import DATA, USAGE, HqError, did_you_mean
from hq_core.formats.clock import Clock, is_time_of_day
from hq_core.formats.names import (
    BAR_NAMES,
    HISTORIES,
    IGNORED,
    KNOWN,
    TICKS,
    TRADE_NAMES,
    TRUTH,
    UNSURE,
    split_unit,
    squash,
    without_header,
)
from hq_core.formats.numbers import is_number
from hq_core.formats.plan import BOTH, CLOCK, FROM_CLOSE, FROM_OPEN, WIDE, Field, FieldPlan, orders, whole
from hq_core.formats.text_kernel import BOOL, ISO, MAKER, REAL, SECOND, SERIES, SIDE, SKIP, SYMBOL, WHOLE
from hq_core.formats.times import UNITS, Zone, exact_whole, read_iso, written_out
from hq_core.kinds import BAR, TRADE
from hq_core.options.imports import AS_BARS, ERROR, SORT, SaidOptions, ask
from hq_core.say import listed
from hq_core.wire.frame import MAX_COLUMNS

if TYPE_CHECKING:
    from hq_core.errors import Phrase
    from hq_core.formats.options import SourceOptions

OPS = {"i8": WHOLE, "i4": WHOLE, "f8": REAL, "b1": BOOL, "i1": SIDE}
NO_DIGITS = 99  # more digits than any number that a kernel takes
TIME_ROLES = ("open_time", "close_time", "ts")
# a file that has one of these means it; what else is found by its name alone may be something else
NEEDED = {*TIME_ROLES, *dict(BAR.required), *dict(TRADE.required), "volume", "symbol", "side", "maker", "id"}


def roles(names: list[str], table: dict[str, tuple[str, ...]], given: dict[str, str]) -> dict[str, int]:
    """hq's name -> which field: those of `given` first, then by the table of names."""
    found: dict[str, int] = {}
    for role, name in given.items():
        found[role] = _place(name, names)
    squashed = [squash(split_unit(name)[0]) for name in names]
    taken = set(found.values())
    for role, aliases in table.items():
        if role not in found:
            at = next((squashed.index(a) for a in aliases if a in squashed and squashed.index(a) not in taken), -1)
            if at >= 0:
                found[role] = at
                taken.add(at)
    return found


def build(names: list[str] | None, first: list[str], options: SourceOptions, series: bool = False) -> FieldPlan:
    """The plan of a file with these column names (None: it has no header) and this first row.

    series  the file's form says that each symbol's rows are a series of their own; else they are a panel
    Raises HqError that names the option when the file leaves something open.
    """
    if names is None:
        names = without_header(first)
        if names is None and not options.columns:
            raise HqError(
                f"{len(first)} columns without a header, in no known order ({','.join(first)[:60]})",
                hint=ask(SaidOptions.columns, " ts=1,price=2,…"),
            )
        names = names or [str(i + 1) for i in range(len(first))]
    if len(names) != len(first):
        raise HqError(f"row 1 has {len(first)} fields, the header has {len(names)}")
    fields = [Field(name) for name in names]
    for at in _dropped(names, options):
        fields[at].left = True
        names = [*names[:at], "", *names[at + 1 :]]
    of = options.kind or _kind(names, options.columns)
    kind = "bar" if of in AS_BARS else of
    table = BAR_NAMES if kind == "bar" else TRADE_NAMES
    allowed = [*table, *(("date", "time") if kind == "trade" else ("date", "time", *BAR.names))]
    for role in options.columns:
        if role not in allowed and (kind == "trade" or _slip(role, allowed)):
            what = f"'{role}' is no column of a {kind}{did_you_mean(role, allowed)}"
            raise HqError(what, USAGE, subject=SaidOptions.columns)
    found = roles(names, table, options.columns)
    plan = FieldPlan(kind, fields)
    plan.of = of
    plan.sorted = options.order != SORT
    plan.pair = _pair(names, found, first, options)
    first = plan.joined(first)
    _spare(plan, found, first, options)
    needs: list[Phrase] = []
    if kind == "bar":
        _bar(plan, found, names, first, options, needs)
    else:
        _trade(plan, found, names, first, options, needs)
    if needs:
        raise HqError((needs[0], *(("; ", need) for need in needs[1:])))
    if "symbol" in found:
        if options.symbol:
            column = names[found["symbol"]]
            what = f"the input says its symbols itself, in column '{column}'"
            raise HqError(what, USAGE, subject=(SaidOptions.symbol, f" {options.symbol}"))
        field = plan.fields[found["symbol"]]
        field.op = SERIES
        if not series:
            field.op, field.to = SYMBOL, "symbol"
            plan.cols.insert(1 + plan.cols.index(("ts", "i8")), ("symbol", "s4"))
    if of != kind:
        plan.keep({"open_time", "symbol", *kinds.of(of).names})
    if len(plan.cols) > MAX_COLUMNS:
        raise HqError(f"the input has {len(plan.cols)} columns of numbers, a series takes at most {MAX_COLUMNS}")
    for role, at in found.items():
        if role not in options.columns and squash(names[at]) in UNSURE:
            options.remark(f"column '{names[at]}' is read as {role}")
    _unread(plan, options)
    return plan


def _dropped(names: list[str], options: SourceOptions) -> list[int]:
    """Which fields are not to be read."""
    found = []
    for name in options.drop:
        found.append(_place(name, names))
        role = next((role for role, theirs in options.columns.items() if _place(theirs, names) == found[-1]), "")
        if role:
            what = f"column '{name}' is in ", SaidOptions.drop, " and in ", SaidOptions.columns, f", as {role}"
            raise HqError(what, USAGE)
    return found


def _place(name: str, names: list[str]) -> int:
    """Which field a user means by its name or its number from 1."""
    if name in names:
        return names.index(name)
    if name.isascii() and name.isdecimal() and 1 <= int(name) <= len(names):
        return int(name) - 1
    hint = did_you_mean(name, names)
    raise HqError(f"column '{name}' is missing; the input has {', '.join(names)}{hint}", DATA)


def _slip(role: str, known: list[str]) -> bool:
    """Whether a name of the user's own is one of ours with letters swapped, left out or doubled."""
    letters = sorted(role)
    return any(
        letters == sorted(name)
        or (
            len(name) > 3
            and abs(len(name) - len(role)) == 1
            and not role.startswith(name)
            and any(long[:i] + long[i + 1 :] == short for i in range(len(long)))
        )
        for name in known
        for long, short in [(max(name, role, key=len), min(name, role, key=len))]
    )


def _pair(names: list[str], found: dict[str, int], first: list[str], options: SourceOptions) -> tuple[int, int] | None:
    """The fields of a date and its time of day: as the user says, or where both names stand and none means both."""
    date, time = found.pop("date", -1), found.pop("time", -1)
    if (date < 0) != (time < 0):
        what = "date and time are two columns that go together; one that holds both is ts"
        raise HqError(what, USAGE, subject=SaidOptions.columns)
    squashed = [squash(name) for name in names]
    whole_times = {"open_time", "close_time"} & found.keys() or {"ts"} & options.columns.keys()
    if date < 0 and not whole_times and "date" in squashed and "time" in squashed:
        at = squashed.index("time")
        if found.get("ts") == at and is_time_of_day(first[at]):
            date, time = squashed.index("date"), at
    if date < 0:
        return None
    found["ts"] = date
    return date, time


def _spare(plan: FieldPlan, found: dict[str, int], first: list[str], options: SourceOptions) -> None:
    """Columns that were found by their names alone and are not needed: left out and told if row 1 makes no sense."""
    if plan.pair is not None:
        plan.fields[plan.pair[1]].left = True
    times = [role for role in TIME_ROLES if role in found and first[found[role]]]
    for role in [role for role in found if role not in options.columns]:
        field, text = plan.fields[found[role]], first[found[role]]
        if role in TIME_ROLES:
            field.spare = len(times) > (role in times)
            wrong = not text
        else:
            field.spare = role not in NEEDED
            kind = dict((*BAR.cols, *TRADE.cols)).get(role, "i8")
            number = is_number(text) or (kind == "f8" and text.lower().lstrip("+-") in ("inf", *MISSING))
            wrong = text.lower() not in TRUTH if kind == "b1" else not number
        if field.spare and wrong:
            what = f"'{text}' in row 1 is no {role}" if text else "it is empty in row 1"
            options.remark(f"column '{field.name}' is not read: {what}")
            field.left, field.spare = True, False
            del found[role]


def _kind(names: list[str], given: dict[str, str]) -> str:
    bar, trade = roles(names, BAR_NAMES, {}), roles(names, TRADE_NAMES, {})
    is_bar = "close" in given or "close" in bar
    is_trade = "price" in given or ("price" in trade and "qty" in trade)
    if is_bar == is_trade:
        what = "may be bars or trades: " if is_bar else "are neither bars (close) nor trades (price, qty): "
        told = not is_bar and {"ts", "rate"} <= roles(names, HISTORIES["funding"], {}).keys()
        way = ask(SaidOptions.kind, " funding") if told else ask(SaidOptions.kind if is_bar else SaidOptions.columns)
        raise HqError((f"the columns {listed(names)} {what}", way))
    return "bar" if is_bar else "trade"


def _time(field: Field, text: str, obvious: bool, plan: FieldPlan, options: SourceOptions, needs: list[Phrase]) -> None:
    """Find out how a time column tells the time, or what must be asked."""
    if _formatted(field, text, plan, options):
        _zone(field, text, plan, options, needs)
        return
    field.op = WHOLE
    _, unit = split_unit(field.name)
    unit = unit or options.time_unit
    if is_number(text):
        digits = len(written_out(text))
        if not unit and obvious and digits in (13, 16) and text[0].isdecimal():
            unit = "ms" if digits == 13 else "us"
            field.digits = digits
        if not unit:
            what = f"column '{field.name}' holds {text}: seconds, ms, us or ns? "
            needs.append((what, ask(SaidOptions.time_unit)))
        field.times = UNITS[unit or "ns"]
        return
    found = read_iso(text)
    if found is None:
        form = f"of the form {options.time_format}, " if options.time_format else ""
        told = f"row 1: column '{field.name}': '{text}' is not a time: {form}ISO 8601 or an epoch number"
        hint = "" if options.time_format else ("; ", ask(SaidOptions.time_format, " (such as %d/%m/%Y %H:%M)"))
        raise HqError((told, hint, field.hint()))
    field.op = ISO
    field.zoned = found[1]
    _zone(field, text, plan, options, needs)


def _formatted(field: Field, text: str, plan: FieldPlan, options: SourceOptions) -> bool:
    """Whether a time column has times in a form of its own, which it is then bound to."""
    paired = plan.pair is not None and field is plan.fields[plan.pair[0]]
    if not paired and not options.time_format:
        return False
    clock = Clock(options.time_format)
    try:
        clock.read(text)
    except ValueError as error:
        if paired:
            raise HqError(f"row 1: column '{field.name}': '{text}' {error}") from None
        return False
    field.op, field.clock, field.zoned, field.digits = CLOCK, clock, clock.zoned, NO_DIGITS
    return True


def _zone(field: Field, text: str, plan: FieldPlan, options: SourceOptions, needs: list[Phrase]) -> None:
    if not field.zoned:
        if not options.tz:
            what = f"column '{field.name}' holds '{text}': in which zone? "
            needs.append((what, ask(SaidOptions.tz, " (such as UTC)")))
        elif plan.zone is None:
            plan.zone = Zone(options.tz)


def _bar(
    plan: FieldPlan,
    found: dict[str, int],
    names: list[str],
    first: list[str],
    options: SourceOptions,
    needs: list[Phrase],
) -> None:
    fields = plan.fields
    has_open, has_close = "open_time" in found, "close_time" in found
    if "close" not in found:
        raise _missing("close", BAR_NAMES, found, names, options)
    if not (has_open or has_close or "ts" in found):
        hint = ask(SaidOptions.columns, " ts=NAME")
        raise HqError(f"no time column; the input has {', '.join(names)}", hint=hint)
    for role in ("open_time", "close_time", "ts"):
        if role in found and not (role == "ts" and has_open and has_close):
            field = fields[found[role]]
            _time(field, first[found[role]], role != "ts", plan, options, needs)
            field.to = "open_time" if role == "open_time" else "ts"
    _stamps(plan, found, first, options, needs)
    present = {"ts", "open_time", *(role for role in found if role not in ("ts", "open_time", "close_time", "symbol"))}
    plan.cols = [col for col in BAR.cols if col[0] in present]
    for name, kind in plan.cols:
        if name not in ("ts", "open_time"):
            field = fields[found[name]]
            field.op, field.to, field.empty = OPS[kind], name, kind == "f8"
    for role, at in found.items():
        if role not in BAR_NAMES and role not in BAR.names:  # a name of the user's own
            fields[at].op, fields[at].to, fields[at].empty = REAL, role, True
            plan.cols.append((role, "f8"))
    _extra(plan, found, first)
    used = set(found.values())
    plan.ticks = next((f.name for i, f in enumerate(fields) if squash(f.name) in TICKS and i not in used), "")


def _stamps(
    plan: FieldPlan, found: dict[str, int], first: list[str], options: SourceOptions, needs: list[Phrase]
) -> None:
    """Which end of the bar is known, and the period."""
    has_open, has_ts = "open_time" in found, "ts" in found or "close_time" in found
    if has_open and has_ts:
        plan.stamps = BOTH
    elif has_open:
        plan.stamps = FROM_OPEN
        if options.stamp == "close":
            name = plan.fields[found["open_time"]].name
            what = f"column '{name}' says that it is the bar's open"
            raise HqError(what, USAGE, subject=(SaidOptions.stamp, " close"))
    elif "close_time" in found:
        plan.stamps = FROM_CLOSE
    else:
        field = plan.fields[found["ts"]]
        if not options.stamp:
            needs.append((f"column '{field.name}': is it the bar's open or its close? ", ask(SaidOptions.stamp)))
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


MISSING = ("", "nan", "null", "none", "na", "n/a")  # what files write where a number would stand


def _unread(plan: FieldPlan, options: SourceOptions) -> None:
    """Note the columns that nothing is made of; an exchange's own files have some that everybody knows."""
    for field in plan.fields:
        known = squash(field.name) in KNOWN or field.name.strip().lower() in IGNORED
        if field.op == SKIP and not field.left and not known and field.name.strip():
            options.unread[field.name] = None


def _missing(
    role: str,
    table: dict[str, tuple[str, ...]],
    found: dict[str, int],
    names: list[str],
    options: SourceOptions,
    hint: Phrase = "",
) -> HqError:
    """The error for a column that is not there, or that the user gave another name."""
    taken = next((other for other in options.columns if squash(names[found.get(other, 0)]) in table[role]), "")
    if taken:
        what = f"column '{role}' is missing: ", SaidOptions.columns, f" reads '{names[found[taken]]}' as {taken}"
        return HqError(what, USAGE)
    return HqError(f"column '{role}' is missing; the input has {', '.join(names)}", hint=hint)


def _extra(plan: FieldPlan, found: dict[str, int], first: list[str]) -> None:
    """Further numeric columns of bars come along under their own names: indicators, features."""
    have = {name for name, _ in plan.cols} | {"symbol"}
    used = set(found.values())
    for i, field in enumerate(plan.fields):
        text = first[i].lower().lstrip("-")
        numeric = is_number(first[i]) or text in ("inf", *MISSING)
        if i in used or field.left or field.op != SKIP or field.name.strip().lower() in IGNORED:
            continue
        name = "_".join(field.name.strip("<>").split())
        if name and not name[0].isdecimal() and name not in have and (numeric or orders(name)):
            field.op, field.to, field.empty, field.loose = REAL, name, True, not orders(name)
            plan.cols.append((name, "f8"))
            have.add(name)


def _trade(
    plan: FieldPlan,
    found: dict[str, int],
    names: list[str],
    first: list[str],
    options: SourceOptions,
    needs: list[Phrase],
) -> None:
    fields = plan.fields
    for role, _ in TRADE.required:
        if role not in found:
            raise _missing(role, TRADE_NAMES, found, names, options, ask(SaidOptions.columns, f" {role}=NAME"))
    time = fields[found["ts"]]
    obvious = "maker" in found or squash(time.name) == "transacttime"
    _time(time, first[found["ts"]], obvious, plan, options, needs)
    time.to = "ts"
    for role, kind in TRADE.cols:
        if role in found and role != "ts":
            fields[found[role]].op, fields[found[role]].to = OPS[kind], role
            fields[found[role]].empty = kind == "f8" and options.invalid != ERROR  # NaN is one more invalid price
    if "id" in found and exact_whole(first[found["id"]]) is None:
        field = fields[found["id"]]  # some venues' ids are text
        field.op, field.to = SKIP, ""
        what = f"'{first[found['id']]}' in row 1 is no whole number, so trades that repeat are not noticed"
        options.remark(f"column '{field.name}' is not read: {what}")
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
    plan.cols = [col for col in TRADE.cols if col[0] in have]
