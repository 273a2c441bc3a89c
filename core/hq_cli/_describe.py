"""hq describe: all that hq is, as one JSON object or as a page."""

from __future__ import annotations

import os
from typing import Any

import click

from hq_cli import _commands
from hq_cli._effects import EFFECTS, Effect, sentence
from hq_cli._filter import command
from hq_cli._help import ENVIRONMENT
from hq_cli._options import Made
from hq_cli._say import echo
from hq_core import VERSION
from hq_core.errors import EXITS, USAGE, HqError
from hq_core.options import Option

SCHEMA = os.path.join(os.path.dirname(__file__), "describe.schema.json")
WIDTH = 120
TYPES: dict[Any, str] = {bool: "boolean", int: "integer", float: "number"}

HEADS = ("parameter", "range", "choices", "variable", "function", "use", "several", "assignment", "rule", "action")

# what the heads of the grammar leave open, as a strategy: other series, history, outputs, size and META
STRATEGY = """\
param far = 1.5 in 0.5..4  # a comment
score = ZSCORE(close - close@ETHUSDT, period=30)  # of another symbol; also close@ETHUSDT:4h
trend = EMA(close@4h, 10)  # over 4h bars; trend[1]: one 4h bar before
VAR peak = MAX(peak[1], close) SEED close  # made of its own last value
DEF band(x, n) = OUTPUTS(up=SMA(x, n) + STDDEV(x, n), low=SMA(x, n) - STDDEV(x, n))
IF score < -far AND close > trend[1] THEN BUY(size=2, META(score=score, hist=MACD(12, 26, 9).hist))
IF close < band(close, 20).low THEN OPEN_LONG(equity=0.1, limit=close - ATR(14), stop=0.9 * peak) ELSE CANCEL"""

EXAMPLES = """
hq describe > hq.json
hq describe --brief
"""


class DescribeOptions:
    """How much is told."""

    brief = Option(False, "A page of at most 9,500 characters: names, a line each.")
    schema = Option(False, "The JSON Schema of what is printed without options.")


@command("hq describe", EXAMPLES, DescribeOptions)
def main(brief: bool, schema: bool) -> None:
    """Tell programs what hq is: commands, options, kinds, indicators, grammar, exit codes.

    One JSON object, made of the lists that the commands themselves work by: every option with its type, default, bounds
    and choices, every kind with its columns, what each command does to kinds, every indicator with its parameters.
    """
    if brief and schema:
        raise HqError("--brief and --schema: choose one", USAGE)
    if schema:
        with open(SCHEMA, encoding="utf-8") as file:
            echo(file.read(), end="")
        return
    import orjson

    found, broken = described()
    echo(page(found) if brief else orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())
    if broken is not None:
        raise broken


def described() -> tuple[dict[str, Any], HqError | None]:
    """Everything, as plain values; and what is wrong with the user's indicators that cannot be used."""
    import orjson

    from hq_cli._lists import indicators
    from hq_core.kinds import KINDS, MAPS

    text, broken = indicators((), json=True)
    return {
        "$schema": "hq-describe-1",
        "version": VERSION,
        "commands": [_command(name, purpose) for purpose, names in _commands.PURPOSES for name in names]
        + [_word(word, purpose) for purpose, words in _commands.WORDS for word in words],
        "kinds": [
            {
                "name": name,
                "meaning": kind.meaning,
                "planned": kind.planned,
                "source": kind.source,
                "columns": [
                    {what: getattr(one, what) for what in ("name", "type", "unit", "optional", "meaning")}
                    for one in kind.columns
                ],
                "key": list(kind.key),
                "codes": {column: dict(words) for column, words in kind.codes.items()},
            }
            for name, kind in KINDS.items()
        ],
        "maps": list(MAPS),
        "indicators": orjson.loads(text),
        "language": _language(),
        "exit_codes": [
            {"codes": [int(code) for code in codes.split(", ")], "meaning": meaning} for codes, meaning in EXITS
        ],
        "environment": [{"name": name, "meaning": meaning} for name, meaning in ENVIRONMENT],
    }, broken


def _command(name: str, purpose: str) -> dict[str, Any]:
    return _about(_commands.load(name), purpose, EFFECTS[name])


def _word(word: str, purpose: str) -> dict[str, Any]:
    return _about(_commands.load(word), purpose, Effect(passes=False))


def _about(of: Any, purpose: str, effect: Effect) -> dict[str, Any]:
    from inspect import cleandoc

    about, _, more = cleandoc(of.help or "").partition("\n\n")
    return {
        "name": of.name,
        "purpose": purpose,
        "about": " ".join(about.split()),
        "more": more,
        "arguments": [_argument(param) for param in of.params if isinstance(param, click.Argument)],
        "options": [_option(param) for param in of.params if isinstance(param, click.Option)],
        "kinds": effect._asdict(),
        "examples": of.examples,
    }


def _argument(param: click.Argument) -> dict[str, Any]:
    choices = list(param.type.choices) if isinstance(param.type, click.Choice) else []
    return {
        "name": param.name,
        "shown": param.make_metavar(click.Context(click.Command(""))),
        "choices": choices,
        "required": param.required,
        "many": param.nargs == -1,
    }


def _option(param: click.Option) -> dict[str, Any]:
    declared = param.declared if isinstance(param, Made) else _undeclared(param)
    kind = "boolean" if param.is_flag else TYPES.get(declared.kind, "text")
    return {
        "name": declared.name,
        "words": list(param.opts),
        "type": kind,
        "default": None if declared.required else declared.default,
        "least": declared.least,
        "above": declared.above,
        "most": declared.most,
        "choices": list(declared.choices),
        "unit": declared.unit,
        "required": declared.required,
        "many": declared.many,
        "help": declared.help,
    }


def _undeclared(param: click.Option) -> Option[Any]:
    """An option that click itself or every command has."""
    choices = tuple(param.type.choices) if isinstance(param.type, click.Choice) else ()
    made = Option(
        False if param.is_flag else None, param.help or "", kind=bool if param.is_flag else str, choices=choices
    )
    made.name = str(param.name)
    return made


def _language() -> dict[str, Any]:
    from hq_core.lang.builtins import BUILTINS
    from hq_core.lang.tokens import grammar_text
    from hq_core.lang.words import ACTIONS, COLUMNS, VECTORS

    return {
        "grammar": grammar_text(),
        "functions": [
            {"name": name, "call": one.written(name), "meaning": one.meaning} for name, one in BUILTINS.items()
        ]
        + [
            {"name": name, "call": f"{name}({', '.join((*places, *keys))})", "meaning": meaning}
            for name, (places, keys, meaning) in VECTORS.items()
        ],
        "actions": [{"name": name, "columns": list(verbs)} for name, (_, verbs) in ACTIONS.items()],
        "columns": sorted(COLUMNS),
    }


# -- the page --------------------------------------------------------------------------------------------------
def page(found: dict[str, Any]) -> str:
    """The same in brief: what there is by name, with a line where a name does not say it."""
    shared = _shared(found["commands"])
    parts = [
        f"hq {found['version']}: commands that read a stream of frames on stdin, do one thing, and write a stream on "
        "stdout.\nThey read CSV, JSON, Parquet and Arrow as well.  hq help NAME tells of one command, hq describe of "
        "all this in full, as JSON.\nA panel is one series of many symbols, by ts; hq-merge makes it of files, and "
        "every command takes it."
    ]
    parts += [
        "COMMANDS: what each does, to which kinds of rows, and its options besides those that all have",
        "\n".join(_line(one, shared) for one in found["commands"]),
    ]
    parts += [
        "KINDS of rows, with their columns",
        "\n".join(
            _wrapped(f"{one['name']}: {' '.join(column['name'] for column in one['columns'])}")
            for one in found["kinds"]
            if not one["planned"]
        ),
    ]
    parts += [_wrapped(f"planned: {' '.join(one['name'] for one in found['kinds'] if one['planned'])}")]
    parts += [f"Maps: {' '.join(found['maps'])}"]
    language = found["language"]
    parts += [
        "STRATEGIES (hq-signal FILE): one statement a line",
        _heads(language["grammar"]) + "\n" + _operators(language["grammar"]),
        STRATEGY,
        _wrapped(
            f"functions: {' '.join(one['name'] for one in language['functions'])}, and every indicator; "
            f"actions: {' '.join(one['name'] for one in language['actions'])}"
        ),
    ]
    parts += [
        "INDICATORS: rsi:14, ema:5..50:5, sma:9(macd.hist:12,26,9); hq-indicators --list NAME has one in full",
        _wrapped(" ".join(one["name"] for one in found["indicators"])),
    ]
    parts += [
        "EXIT CODES",
        "\n".join(f"{', '.join(map(str, one['codes']))}  {one['meaning']}" for one in found["exit_codes"]),
    ]
    return "\n\n".join(parts)


def _line(one: dict[str, Any], shared: set[str]) -> str:
    words = " ".join(_worded(option) for option in one["options"] if option["name"] not in shared)
    effect = sentence(Effect(**one["kinds"]))
    takes = " ".join(argument["shown"] for argument in one["arguments"])
    lines = [f"{one['name']} {takes}".rstrip() + f": {one['about']}", *filter(None, (effect, words))]
    return "\n  ".join([lines[0], *(_wrapped(line, "  ") for line in lines[1:])])


def _worded(option: dict[str, Any]) -> str:
    return "=".join(filter(None, (option["words"][-1], "|".join(option["choices"]))))


def _shared(commands: list[dict[str, Any]]) -> set[str]:
    """The names of options that every command has."""
    return set.intersection(
        *({option["name"] for option in one["options"]} for one in commands if one["name"].startswith("hq-"))
    )


def _heads(grammar: str) -> str:
    """The rules of the statements that do something, without those of what they are made of."""
    rules = [" ".join(rule.split()) for rule in _paragraphs(grammar)[0].splitlines()]
    return "\n".join(rule for rule in rules if rule.partition(" ")[0] in HEADS)


def _operators(grammar: str) -> str:
    """The signs and words of expressions by level, up to what stands behind a value."""
    from re import findall

    levels = [findall(r'"([^"]+)"', rule) for rule in _paragraphs(grammar)[1].partition("\npostfix")[0].splitlines()]
    return f"operators, the loosest first: {'; '.join(' '.join(level) for level in levels if level)}"


def _paragraphs(grammar: str) -> list[str]:
    """Statements, expressions and tokens."""
    return grammar.partition("*)")[2].strip().split("\n\n")


def _wrapped(text: str, indent: str = "") -> str:
    from textwrap import fill

    return fill(text, WIDTH, subsequent_indent=indent + "  ", break_on_hyphens=False, break_long_words=False)


if __name__ == "__main__":
    main()
