"""Write what is derived from the commands, the registry and the grammar.

    python scripts/make_man.py            write man/hq*.1, two of section 7, indicators/list.json and parts of others
    python scripts/make_man.py --check    fail if they are not what this script makes

man/hq.7 is written by hand but for its first line, with version and date, and so is man/hq-frames.5 but for that and
the kinds of rows, which stand between two comments.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from textwrap import dedent

import click
import editor
from click_man.core import generate_man_page

from hq_cli import _commands, hq
from hq_cli._effects import EFFECTS, sentence
from hq_cli._help import ENVIRONMENT
from hq_cli._options import Made
from hq_core import VERSION, registry
from hq_core.columns import Column, Kind
from hq_core.errors import EXITS
from hq_core.factoring import FACTORS
from hq_core.futures import account as events
from hq_core.futures import path as way_of_price
from hq_core.kinds import ACCOUNT, KINDS, REASONS, TIERS
from hq_core.lang.builtins import BUILTINS
from hq_core.lang.define import MOST_NODES
from hq_core.lang.tokens import grammar_text
from hq_core.lang.words import ACTIONS, COLUMNS
from hq_core.pairing import PAIRS

ROOT = Path(__file__).resolve().parents[1]
MAN = ROOT / "man"
EDITOR = ROOT / "examples" / "editor"
CORE = ROOT / "core" / "hq_core"
OF_KINDS = ('.\\" made by scripts/make_man.py from kinds.py\n', '.\\" end of what is made\n')
WIDE = 73  # columns of a line that stands as it is, behind the indent of seven, on a terminal of 80
TAG = 24  # room for a column's name and type


def released() -> str:
    """The day of this version, from the change log, so that pages do not change with the day they are made."""
    found = re.search(rf"^## {re.escape(VERSION)} \((\d{{4}}-\d\d-\d\d)\)$", (ROOT / "CHANGELOG.md").read_text(), re.M)
    if found is None:
        raise SystemExit(f"CHANGELOG.md has no heading '## {VERSION} (YYYY-MM-DD)'")
    return found[1]


def escaped(text: str) -> str:
    """Text as roff: no backslash, leading dot or quote is a command; the hyphens of options can be searched for."""
    text = text.replace("\\", r"\e").replace("`", r"\`").replace("--", r"\-\-")
    text = re.sub(r"^([.'])", r"\\&\1", text, flags=re.M)
    return "".join(c if ord(c) < 128 else rf"\[u{ord(c):04X}]" for c in text)


def paragraphs(text: str) -> str:
    """Each paragraph as one line, so that no word of it can begin a line."""
    return "\n\n".join(" ".join(part.split()) for part in dedent(text).strip().split("\n\n"))


def listed(title: str, rows: tuple[tuple[str, str], ...]) -> str:
    return f".SH {title}\n" + "".join(f".TP\n\\fB{escaped(name)}\\fP\n{escaped(text)}\n" for name, text in rows)


def literal(lines: list[str]) -> str:
    return ".nf\n" + "".join(escaped(line) + "\n" for line in lines) + ".fi\n"


def folded(line: str) -> list[str]:
    """A command line as the shell reads it over several lines: behind | and ; or, with a backslash, between words."""
    found = []
    while len(line) > WIDE:
        ends = [at for at in range(1, WIDE + 1) if line[at] == " " and line[at - 1] in "|;" and _bare(line[:at])]
        if ends:
            at, end = ends[-1], ""
        else:
            gaps = [at for at in range(5, WIDE - 1) if line[at] == " " and line[at + 1] in "-<>" and _bare(line[:at])]
            if not gaps:
                raise SystemExit(f"{line!r} has no place to be folded at within {WIDE} columns")
            at, end = gaps[-1], " \\"
        found.append(line[:at] + end)
        line = "    " + line[at + 1 :]
    return [*found, line]


def _bare(before: str) -> bool:
    """Whether what comes behind stands outside of quotes."""
    return before.count("'") % 2 == 0 and before.count('"') % 2 == 0


def see_also(name: str) -> str:
    others = [f"hq-{other}" for other in _commands.NAMES if f"hq-{other}" != name]
    pages = [f"\\fB{other}\\fP(1)" for other in others]
    pages += ["\\fBhq\\fP(7)", "\\fBhq-frames\\fP(5)", "\\fBhq-dsl\\fP(7)", "\\fBhq-account\\fP(7)"]
    return ".SH SEE ALSO\n" + ",\n".join(pages) + "\n"


def page(command: hq.Command) -> str:
    """The page of one command: what click-man writes, then examples, exit status, environment."""
    assert command.help
    about = command.get_short_help_str(200).rstrip(".")
    help_option = command.get_help_option(command.make_context(command.name, [], resilient_parsing=True))
    assert help_option
    shown = click.Command(
        command.name,
        params=[*command.params, help_option],
        short_help=escaped(about[0].lower() + about[1:]),
        help=escaped(paragraphs(command.help)),
        add_help_option=False,
    )
    ctx = click.Context(shown, info_name=command.name)
    made = generate_man_page(ctx, version=f"hq {VERSION}", date=released())
    made = "".join(c if ord(c) < 128 else rf"\[u{ord(c):04X}]" for c in made)
    if command.name == "hq":
        for purpose, names in _commands.PURPOSES:
            rows = tuple((f"hq-{name}", _commands.load(name).get_short_help_str(200)) for name in names)
            made += listed(purpose.upper(), rows)
        for word in _commands.OWN:
            made += listed(f"HQ {word.upper()}", _own(_commands.load(word)))
    effect = EFFECTS.get(str(command.name).removeprefix("hq-"))
    if effect is not None and sentence(effect):
        made += f".SH KINDS\n{escaped(sentence(effect))}\n"
    if command.name == "hq-factors":
        made += f".SH FACTORS\n{factors(FACTORS)}"
    if command.name == "hq-pairs":
        made += f".SH FACTORS\n{factors(PAIRS)}"
    made += ".SH EXAMPLES\n" + literal([part for line in command.examples for part in folded(line)])
    return made + listed("EXIT STATUS", EXITS) + listed("ENVIRONMENT", ENVIRONMENT) + see_also(str(command.name))


def _own(command: hq.Command) -> tuple[tuple[str, str], ...]:
    """A word of hq, and the options that it alone takes."""
    options = tuple((param.opts[-1], param.declared.help) for param in command.params if isinstance(param, Made))
    return (str(command.name), paragraphs(command.help or "").replace("\n\n", " ")), *options


def indicators() -> str:
    """Every indicator: how it is called, what it gives, where it comes from."""
    made = []
    for name in registry.names():
        one = registry.load(name)
        params = [f"{param}={given.default}" for param, given in one.params.items()]
        call = f"{name.upper()}({', '.join((*one.inputs, *params))})"
        gives = "" if len(one.outputs) == 1 else " Outputs: " + ", ".join(f".{output}" for output in one.outputs) + "."
        taken = " In a strategy this is the name of a function below." if name.upper() in BUILTINS else ""
        about = f"{one.title}.{gives} {one.source}.{taken}"
        rows = [f".TP\n\\fB{escaped(call)}\\fP\n{escaped(about)}\n"]
        for param, given in one.params.items():
            bounds = ", ".join(given.choices) if given.choices else f"{given.low:g} to {given.high:,.0f}"
            rows.append(f".br\n{escaped(f'{param}: {given.help} ({bounds})')}\n")
        made.append("".join(rows))
    return "".join(made)


def factors(shelf: registry.Shelf) -> str:
    """Every factor of books or pairs: how it is called, its columns, where it comes from."""
    made = []
    for name in shelf.names():
        one = shelf.load(name).described()
        params = ",".join(f"{param['name']}={param['default']}" for param in one["params"])
        made.append(f".TP\n\\fB{escaped(f'{name}:{params}' if params else name)}\\fP\n{minus(one['title'])}. ")
        made.append(minus(f"{one['source']}.") + "\n")
        for output in one["outputs"]:
            made.append(f".br\n{minus(output['column'])}: {minus(output['range'])}\n")
        for param in one["params"]:
            rule = ", ".join(param["choices"]) if "choices" in param else f"{param['min']} to {param['max']}"
            made.append(f".br\n{minus(param['name'])}: {minus(param['help'])} ({rule})\n")
    return "".join(made)


def builtins() -> str:
    made = []
    for name, one in BUILTINS.items():
        made.append(f".TP\n\\fB{escaped(one.written(name))}\\fP\n{escaped(one.meaning)}\n")
    return "".join(made)


def actions() -> str:
    made = []
    for name, (_, verbs) in ACTIONS.items():
        made.append(f".TP\n\\fB{name}\\fP\n{', '.join(verbs)}\n")
    return "".join(made)


def rows_of(table: str | None) -> list[list[str]]:
    """The rows of the table in a module's docstring; a line that has nothing in its first column goes on."""
    found: list[list[str]] = []
    for line in (table or "").splitlines():
        cells = [cell.strip() for cell in line.split("|")[1:-1]]
        if not cells or cells[0].startswith("-"):
            continue
        if cells[0] or not found:
            found.append(cells)
        else:
            found[-1] = [f"{said} {more}".strip() for said, more in zip(found[-1], cells)]
    return found[1:]


def steps() -> str:
    """The order of events, as it stands at the head of the kernel."""
    rows = rows_of(events.__doc__)
    return "".join(f".TP 4\n{number}\n\\fB{name}\\fP: {minus(what)}.\n" for number, name, what in rows)


def ways() -> str:
    """The paths inside a bar, as they stand at the head of the module that walks them."""
    return "".join(
        f".TP\n.B {name}\n{minus(f'From the open to {way}. A fill that opens {after}.')}\n"
        for name, way, after in rows_of(way_of_price.__doc__)
    )


def knows() -> str:
    """What a strategy may read of its account."""
    return "".join(f".TP\n.B {name}\n{minus(what[0].upper() + what[1:])}.\n" for name, what in ACCOUNT.items())


def rules() -> str:
    """hq-account(7): the prose of hq-account.7.in with the tables of the code and the codes of the reasons put in."""
    text = (ROOT / "scripts" / "hq-account.7.in").read_text()
    told = re.findall(r"^@REASON (.*)@$", text, re.M)
    if sorted(told) != sorted(REASONS):
        raise SystemExit(f"scripts/hq-account.7.in must tell each reason once; not so: {set(told) ^ set(REASONS)}")
    lines, before = [], False
    for line in text.splitlines():
        found = re.fullmatch("@REASON (.*)@", line)
        if found:
            line = f".T{'Q' if before else 'P'}\n\\fB{found[1]}\\fP ({REASONS.index(found[1])})"
        before = found is not None
        lines.append(line)
    parts = {
        "DATE": released(),
        "VERSION": VERSION,
        "RULES": str(events.RULES),
        "EVENTS": steps(),
        "PATHS": ways(),
        "ACCOUNT": knows(),
    }
    return re.sub(r"@([A-Z]+)@\n?", lambda found: parts[found[1]], "\n".join(lines) + "\n")


def language() -> str:
    """hq-dsl(7): the prose of hq-dsl.7.in with the lists and the grammar put in."""
    parts = {
        "DATE": released(),
        "VERSION": VERSION,
        "INDICATORS": indicators(),
        "BUILTINS": builtins(),
        "ACTIONS": actions(),
        "ACCOUNT": "".join(f".TP\n\\fB{name}\\fP\n{meaning}\n" for name, meaning in ACCOUNT.items()),
        "COLUMNS": ", ".join(sorted(COLUMNS)) + ".\n",
        "NODES": f"{MOST_NODES:,}",
        "GRAMMAR": literal(grammar_text().strip().splitlines()),
    }
    text = (ROOT / "scripts" / "hq-dsl.7.in").read_text()
    return re.sub(r"@([A-Z]+)@\n?", lambda found: parts[found[1]], text)


def minus(text: str) -> str:
    """Text as roff in which a minus does not become a hyphen."""
    return re.sub(r"(?<!\\)-", r"\\-", escaped(text))


def entry(names: str, said: str, optional: bool) -> str:
    return f".TP {TAG}\n{'[' * optional}{names}{']' * optional}\n{minus(said)}\n"


def column(one: Column, kind: Kind) -> str:
    """A column as an entry: in brackets where it may be missing, with its unit and its codes where they say more."""
    said = one.meaning
    if one.unit not in ("", "ns", "id", "count", "code", *re.findall(r"\w+", said)):
        said += f" ({one.unit})"
    if one.name in kind.codes:
        said += ": " + ", ".join(f"{code} {word}" for code, word in kind.codes[one.name].items())
    return entry(f"\\fB{one.name}\\fP {one.type}", said, one.optional)


def kind_of_rows(name: str, kind: Kind) -> str:
    told = [kind.meaning[0].upper() + kind.meaning[1:]]
    told += [f"Key: {', '.join(kind.key)}"] if kind.key else []
    told += [f"Definition: {kind.source}"] if kind.source else []
    behind = []
    for one in kind.behind:
        if one is TIERS[0]:
            names = f"\\fB{one.name}\\fP to \\fB{TIERS[-1].name}\\fP"
            behind.append(
                entry(
                    names,
                    "volume, quote_volume (f8) and trades (i8) of buyers and of sellers, by the "
                    "value of the trade: the tiers of hq-aggregate(1)",
                    True,
                )
            )
        elif one not in TIERS:
            behind.append(column(one, kind))
    made = f".SS {name}\n{minus('. '.join(told))}.\n.PP\n.PD 0\n" + "".join(column(one, kind) for one in kind.columns)
    if behind:
        made += ".PD\n.PP\nBehind them there may stand, in any order:\n.PP\n.PD 0\n" + "".join(behind)
    return made + ".PD\n"


def kinds_of_rows() -> str:
    """The chapter of hq-frames(5): the kinds that commands write, then those that are only agreed upon."""
    written = [kind_of_rows(name, kind) for name, kind in KINDS.items() if not kind.planned]
    planned = [kind_of_rows(name, kind) for name, kind in KINDS.items() if kind.planned]
    return (
        "".join(written)
        + ".SH KINDS OF ROWS THAT ARE PLANNED\n"
        + minus(
            "No command writes these yet, and no csv or JSON is taken for them; as frames they pass, if they are in "
            "order. "
            "Their columns are said here so that those who will write and read them agree.\n"
        )
        + "".join(planned)
    )


def by_hand(name: str) -> str:
    """A page that is written by hand, with its first line made anew."""
    first, _, rest = (MAN / name).read_text().partition("\n")
    title, section = name.rsplit(".", 1)
    if not first.startswith(".TH "):
        raise SystemExit(f"man/{name} does not begin with .TH")
    return f'.TH "{title.upper()}" "{section}" "{released()}" "hq {VERSION}" "hq Manual"\n{rest}'


def frames() -> str:
    """hq-frames(5), with what lies between its two comments about kinds.py made anew."""
    before, _, rest = by_hand("hq-frames.5").partition(OF_KINDS[0])
    _, _, after = rest.partition(OF_KINDS[1])
    if not after:
        raise SystemExit(f"man/hq-frames.5 has lost one of the lines {' and '.join(map(repr, OF_KINDS))}")
    return before + OF_KINDS[0] + kinds_of_rows() + OF_KINDS[1] + after


def pages() -> dict[str, str]:
    made = {f"hq-{name}.1": page(_commands.load(name)) for name in _commands.NAMES}
    made["hq.1"] = page(hq.main.clicked())
    made["hq-dsl.7"] = language()
    made["hq-account.7"] = rules()
    made["hq-frames.5"] = frames()
    for name in ("hq.7", "hq-python.7"):
        made[name] = by_hand(name)
    return made


def listed_in(shelf: registry.Shelf) -> str:
    """What `--list` of their commands shows, so that they need not import everything."""
    rows = [json.dumps(shelf.load(name).described()) for name in shelf.names()]
    return "[\n" + ",\n".join(rows) + "\n]\n"


def main() -> None:
    check = sys.argv[1:] == ["--check"]
    stale = []
    made = {MAN / name: text for name, text in pages().items()} | {
        CORE / shelf.room / "list.json": listed_in(shelf) for shelf in (registry.INDICATORS, FACTORS, PAIRS)
    }
    made |= {EDITOR / "hq.tmLanguage.json": editor.textmate(), EDITOR / "hq_lexer.py": editor.pygments()}
    for path, text in made.items():
        name = path.name
        if check and (not path.exists() or path.read_text() != text):
            stale.append(name)
        elif not check:
            path.write_text(text)
    if stale:
        raise SystemExit(f"{', '.join(stale)} out of date: run scripts/make_man.py")


if __name__ == "__main__":
    main()
