"""A list is kept once: none of its names stands in a second one, but where a reason is given here."""

from __future__ import annotations

import ast
import importlib
import pkgutil
from collections.abc import Iterator

import pytest
from places import ROOT

from hq_cli import _commands, _help
from hq_core import errors, options
from hq_core.lang.builtins import BUILTINS
from hq_core.lang.words import ACTIONS
from hq_core.options import Option, options_of

FILES = [
    path for folder in ("core/hq_core", "core/hq_cli", "scripts") for path in sorted((ROOT / folder).rglob("*.py"))
]
TREES = {str(path.relative_to(ROOT)): ast.parse(path.read_text()) for path in FILES}
OPTIONS = [
    options.StateOptions,
    *(
        one
        for module in pkgutil.iter_modules(options.__path__)
        for one in vars(importlib.import_module(f"hq_core.options.{module.name}")).values()
        if isinstance(one, type) and one.__module__.endswith(f".{module.name}") and options_of(one)
    ),
]
OF_ALL_ROWS = {"kind", "symbol", "period"}  # what rows are said to be of, everywhere

# file: why several names of one list stand there
OPTIONS_AGAIN = {
    "core/hq_core/bars/aggregator.py": "the library's aggregator takes three of them",
    "core/hq_core/bars/plan.py": "what a chain runs on: lengths in ns, a zone that is open",
    "core/hq_core/stages/aggregate.py": "makes that of the options",
    "core/hq_core/stages/vector_build.py": "tells a kernel of them",
    "core/hq_core/kernels/labelled.py": "the arguments of that kernel",
    "core/hq_core/compare/values.py": "how near is near, for each value",
    "core/hq_core/api/streams.py": "a function for programs, by place",
    "core/hq_core/stages/gen.py": "the source behind it",
    "core/hq_core/stages/export.py": "a stage by place",
    "core/hq_core/stages/backtest.py": "a stage that takes them by name",
    "core/hq_cli/backtest.py": "gives them to it",
    "core/hq_core/kinds.py": "what an order says has the names of what it is asked for",
    "core/hq_core/formats/rowless.py": "a reader by place",
    "core/hq_core/series/making.py": "how a store's vectors were made",
    "core/hq_cli/vector.py": "what hq-vector list says of that",
    "core/hq_core/formats/told_columns.py": "the options that go with a kind",
    "core/hq_core/formats/venues/source.py": "the options that go with a venue's messages",
}
COMMANDS_AGAIN = {
    "core/hq_cli/_effects.py": "what each does to kinds; test_describe holds that it names them all",
    "core/hq_core/kinds.py": "kinds that commands are named after",
}
NO_CODES = {
    "core/hq_core/specs.py": "where a text is cut",
    "core/hq_core/texts.py": "bytes of UTF-8",
    "core/hq_core/wire/frame.py": "a byte of msgpack",
    "core/hq_core/wire/reader.py": "a byte of msgpack",
    "scripts/bench_language.py": "an RSI",
    "scripts/make_vectors.py": "minutes",
}
WORDS_OF_TWO_THINGS = {
    "--period": "which series, or what bars are taken or made of",
    "--symbol": "which series, or what rows are of",
    "--kind": "which series, or what rows are",
    "--keep-input": "the rows of the kind that a command replaces, orders or events of books",
    "--columns": "which columns, or which of a file they are",
    "--fill": "bars without trades, or orders",
    "--tz": "of days, or of times",
    "--explain": "what indicators compute, or strategies with what it costs",
    "--time-unit": "of the times of rows, or of labelled vectors",
    "--json": "each command its own result",
    "--of": "columns of factor rows, one that is compared or several that bars are made of",
    "--emit": "which bars, or what of a book",
    "--tick": "of an account's orders, or of a book",
    "--lot": "of an account's orders, or of a book",
    "--lateness": "of trades behind others, or of events on their way from the exchange",
}


def gathered(tree: ast.Module, parameters: bool) -> Iterator[set[object]]:
    """The names that each list, map, call, class and signature of a file holds."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Tuple | ast.List | ast.Set):
            firsts = [one.elts[0] if isinstance(one, ast.Tuple | ast.List) and one.elts else one for one in node.elts]
            yield {one.value for one in firsts if isinstance(one, ast.Constant)}
        elif isinstance(node, ast.Dict):
            yield {one.value for one in node.keys if isinstance(one, ast.Constant)}
        elif isinstance(node, ast.Call):
            yield {one.arg for one in node.keywords}
        elif isinstance(node, ast.ClassDef):
            yield {
                one.target.id if isinstance(one, ast.AnnAssign) else one.targets[0].id
                for one in node.body
                if isinstance(getattr(one, "target", None) or getattr(one, "targets", [None])[0], ast.Name)
            }
        elif parameters and isinstance(node, ast.FunctionDef):
            yield {one.arg for one in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)}


def again(names: set[str], least: int) -> set[str]:
    """The files that hold at least so many of the names side by side."""
    return {
        file
        for file, tree in TREES.items()  # a command's function has the parameters that it uses
        if any(len(found & names) >= least for found in gathered(tree, not file.startswith("core/hq_cli")))
    }


def test_options_stand_in_their_declaration_alone() -> None:
    met = set()
    for one in OPTIONS:
        names = set(options_of(one)) - OF_ALL_ROWS
        own = one.__module__.replace(".", "/")
        met |= again(names, 3) - {f"core/{own}.py"} if len(names) > 2 else set()
    assert met == set(OPTIONS_AGAIN)


def test_only_the_helper_makes_options_of_click() -> None:
    making = {
        file
        for file, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in ("option", "Option") and ast.unparse(node.value) == "click"
    }
    assert making == {
        f"core/hq_cli/{name}.py" for name in ("_options", "_help", "_describe")
    }  # the last one reads them


def test_no_signature_says_a_default_again() -> None:
    declared = {
        (name, option.default)
        for one in OPTIONS
        for name, option in options_of(one).items()
        if option.default and isinstance(option.default, str | float)
    }
    said = {
        (file, arg.arg)
        for file, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        for args, defaults in ((node.args.args, node.args.defaults), (node.args.kwonlyargs, node.args.kw_defaults))
        for arg, default in zip(args[len(args) - len(defaults) :], defaults)
        if isinstance(default, ast.Constant) and (arg.arg, default.value) in declared
    }
    assert said == {
        ("core/hq_core/bars/plan.py", "partial"),
        ("core/hq_core/bars/plan.py", "holes"),
        ("core/hq_core/bars/plan.py", "fx"),  # what a chain runs on
    }


def test_a_word_stands_for_two_things_only_where_the_trade_has_it_so() -> None:
    by_flag: dict[str, set[str]] = {}
    shown = [
        one
        for name in _commands.NAMES
        for one in vars(importlib.import_module(_commands.module(name))).values()
        if isinstance(one, type) and one.__module__ == _commands.module(name) and options_of(one)
    ]
    for one in (*OPTIONS, *shown):
        for option in options_of(one).values():
            by_flag.setdefault(option.flag, set()).add(f"{one.__module__}.{one.__name__}")
    assert {flag for flag, places in by_flag.items() if len(places) > 1} == set(WORDS_OF_TWO_THINGS)


def test_exit_codes_are_numbers_in_one_file() -> None:
    codes = {int(code) for codes, _ in errors.EXITS for code in codes.split(", ")} - {0, errors.CHECK, errors.USAGE}
    met = {
        file
        for file, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and type(node.value) is int and node.value in codes
    }
    assert met == {"core/hq_core/errors.py", *NO_CODES}


@pytest.mark.parametrize(
    ("names", "home", "elsewhere"),
    [
        ({*_commands.NAMES, *(f"hq-{name}" for name in _commands.NAMES)}, "core/hq_cli/_commands.py", COMMANDS_AGAIN),
        (set(BUILTINS), "core/hq_core/lang/builtins.py", {"core/hq_core/lang/calls.py": "what MAX and MIN are not"}),
        (set(ACTIONS), "core/hq_core/lang/words.py", {}),
        ({name for name, _ in _help.ENVIRONMENT}, "core/hq_cli/_help.py", {}),
    ],
    ids=["commands", "functions of the language", "actions", "environment"],
)
def test_these_lists_stand_in_one_file(names: set[str], home: str, elsewhere: dict[str, str]) -> None:
    assert again(names, 2) == {home, *elsewhere}


def test_a_second_list_would_be_found() -> None:
    for text in (
        "a = ('pyramid', 'leverage', 'lot')",
        "a = {'pyramid': 1, 'leverage': 2, 'lot': 3}",
        "f(pyramid=1, leverage=2, lot=3)",
        "class A:\n    pyramid = 1\n    leverage: int = 2\n    lot = 3",
        "def f(pyramid, *, leverage, lot): ...",
        "a = (('pyramid', 0), ('leverage', 1), ('lot', 2))",
    ):
        assert any(found >= {"pyramid", "leverage", "lot"} for found in gathered(ast.parse(text), True)), text
    assert isinstance(vars(OPTIONS[0])[next(iter(options_of(OPTIONS[0])))], Option)
