"""How editors and pages colour strategies: made from the grammar and the lists of the language."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from hq_core.kinds import ACCOUNT
from hq_core.lang.tokens import GRAMMAR
from hq_core.lang.words import ACTIONS, COLUMNS, SERIES, TIMES

if TYPE_CHECKING:
    from collections.abc import Iterable

SIGNS = sorted((one for one in GRAMMAR.literals if not one.isalpha()), key=len, reverse=True)
WORDS = sorted(one for one in GRAMMAR.literals if one.isalpha())


LEXER = r'''"""A Pygments lexer for strategies: pygmentize -x -l hq_lexer.py:HqLexer rsi.hq (made by make_man.py)"""

import re

from pygments.lexer import RegexLexer
from pygments.token import Comment, Keyword, Name, Number, Operator, String, Whitespace


class HqLexer(RegexLexer):
    name = "hq strategy"
    aliases = ["hq"]
    filenames = ["*.hq"]
    flags = re.MULTILINE
    tokens = {
        "root": [
            (r"\s+|\ufeff", Whitespace),
ROWS
        ]
    }
'''


def patterns() -> list[tuple[str, str, str]]:
    """What each kind of text looks like, the first that fits: a regular expression, TextMate's name and Pygments'."""
    tokens = GRAMMAR.tokens
    columns = [*COLUMNS, *TIMES, *SERIES]
    return [
        (tokens["COMMENT"], "comment.line.hq", "Comment.Single"),
        (tokens["STRING"], "string.quoted.hq", "String"),
        (tokens["COLUMN"], "variable.other.column.hq", "Name.Variable"),
        (tokens["REFERENCE"], "storage.modifier.reference.hq", "Name.Decorator"),
        (_words(("TRUE", "FALSE")), "constant.language.hq", "Keyword.Constant"),
        (_words([one for one in WORDS if one not in ("TRUE", "FALSE")]), "keyword.control.hq", "Keyword"),
        (_words(columns, "(?:"), "variable.language.hq", "Name.Builtin.Pseudo"),
        (_words(ACTIONS), "keyword.other.action.hq", "Name.Function"),
        (tokens["NAME"] + r"(?=\s*\()", "support.function.hq", "Name.Builtin"),
        (_words(ACCOUNT, "(?:"), "variable.language.account.hq", "Name.Constant"),
        (tokens["NUMBER"], "constant.numeric.hq", "Number"),
        (tokens["NAME"], "variable.other.hq", "Name"),
        ("|".join(map(_quoted, SIGNS)), "keyword.operator.hq", "Operator"),
    ]


def textmate() -> str:
    """A grammar for editors that read TextMate's."""
    rules = [{"match": pattern, "name": name} for pattern, name, _ in patterns()]
    made = {"name": "hq strategy", "scopeName": "source.hq", "fileTypes": ["hq"], "patterns": rules}
    return json.dumps(made, indent=2, ensure_ascii=False) + "\n"


def pygments() -> str:
    """A lexer for Pygments."""
    rows = "\n".join(f"            ({pattern!r}, {token})," for pattern, _, token in patterns())
    return LEXER.replace("ROWS\n", rows + "\n")


def _words(words: Iterable[str], case: str = "(?i:") -> str:
    longest = sorted(words, key=lambda one: (-len(one), one))
    return rf"{case}\b(?:{'|'.join(longest)})\b)"


def _quoted(sign: str) -> str:
    return "".join(f"\\{c}" if c in "+*/^.()[]<>=!-%,|" else c for c in sign)
