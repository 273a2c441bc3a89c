"""The colours of examples/editor: every example falls into tokens of the right kinds, by both forms of the rules."""

from __future__ import annotations

import importlib.util
import json
import re

import pytest
from places import ROOT

pygments = pytest.importorskip("pygments")
EDITOR = ROOT / "examples" / "editor"
FILES = sorted((ROOT / "examples").glob("*.hq"))


def lexer():
    spec = importlib.util.spec_from_file_location("hq_lexer", EDITOR / "hq_lexer.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.HqLexer()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_pygments_knows_every_character_of_an_example(path) -> None:
    text = path.read_text()
    found = list(lexer().get_tokens(text))
    assert "".join(part for _, part in found) == text
    assert not [part for kind, part in found if "Error" in str(kind)]


def test_each_kind_of_word_has_its_colour() -> None:
    text = 'param n = 3  # why\nx = EMA(close@4h, n)\nVAR `a b` = "t"\nIF x > position THEN BUY(size=2)\nseen = close'
    kinds = {part: str(kind).removeprefix("Token.") for kind, part in lexer().get_tokens(text) if part.strip()}
    assert kinds["param"] == kinds["IF"] == kinds["VAR"] == "Keyword"
    assert kinds["EMA"] == "Name.Builtin"
    assert kinds["close"] == "Name.Builtin.Pseudo"
    assert kinds["@4h"] == "Name.Decorator"
    assert kinds["BUY"] == "Name.Function"
    assert kinds["position"] == "Name.Constant"
    assert kinds["# why"] == "Comment.Single"
    assert kinds["`a b`"] == "Name.Variable"
    assert kinds["3"] == "Literal.Number"
    assert kinds['"t"'] == "Literal.String"
    assert kinds["x"] == kinds["seen"] == "Name"


def test_textmate_has_the_same_rules_in_the_same_order() -> None:
    made = json.loads((EDITOR / "hq.tmLanguage.json").read_text())
    assert made["scopeName"] == "source.hq"
    rules = lexer().tokens["root"][1:]
    assert [one["match"] for one in made["patterns"]] == [rule[0] for rule in rules]
    assert all(re.compile(one["match"]) for one in made["patterns"])
