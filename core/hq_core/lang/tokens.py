"""A strategy's text as tokens, by the token rules of grammar.ebnf."""

from __future__ import annotations

import math
import os
import re

from hq_core.lang.grammar import Grammar
from hq_core.lang.source import LangError, StrategyText

NESTING = 16  # brackets within brackets: keeps the parser's own depth far below Python's limit
_CONTINUES = ("THEN", "ELSE", "AND", "OR")
_CLOSING = {")": "(", "]": "["}


class Token:
    """One token of the text.

    kind         a token's name in the grammar, a keyword in upper case, a sign, NEWLINE or END
    start, end   offsets in the text
    """

    __slots__ = ("end", "kind", "start")

    def __init__(self, kind: str, start: int, end: int) -> None:
        self.kind = kind
        self.start = start
        self.end = end


def grammar_text() -> str:
    """The text of grammar.ebnf."""
    with open(os.path.join(os.path.dirname(__file__), "grammar.ebnf"), encoding="utf-8") as file:
        return file.read()


GRAMMAR = Grammar(grammar_text())
_FIRST, _BETWEEN = ("VAR", "DEF", "USE"), ("SEED", "STEP")  # names wherever no keyword could stand
KEYWORDS = frozenset(word for word in GRAMMAR.literals if word.isalpha()) - {*_FIRST, *_BETWEEN}
_GOES_ON = frozenset(("NEWLINE", "THEN", "ELSE", "AND", "OR", "NOT", "IN", ",", *"=+-*/%^<>", "<=", ">=", "==", "!="))
_OPERAND_ENDS = frozenset(("NAME", "NUMBER", "STRING", "COLUMN", "REFERENCE", "TRUE", "FALSE", ")", "]"))
_SIGNS = sorted((sign for sign in GRAMMAR.literals if not sign.isalpha()), key=len, reverse=True)
_TOKEN = re.compile(
    r"[ \t\r\f\ufeff]+|(?P<NEWLINE>\n)|"
    + "|".join(f"(?P<{name}>{pattern})" for name, pattern in GRAMMAR.tokens.items())
    + "|(?P<SIGN>"
    + "|".join(map(re.escape, _SIGNS))
    + ")"
)


def tokenize(source: StrategyText) -> tuple[list[Token], list[Token]]:
    """Tokens of the text, ended by NEWLINE and END, and its comments.

    A NEWLINE inside brackets, before THEN, ELSE, AND or OR, after a word or sign that cannot end a line, or after
    nothing is no token.
    Raises LangError at a character that starts no token, a bracket without its partner, a text without end.
    """
    text = source.text
    tokens: list[Token] = []
    comments: list[Token] = []
    opened: list[Token] = []
    position, size = 0, len(text)
    while position < size:
        found = _TOKEN.match(text, position)
        if found is None:
            raise LangError(source, position, position + 1, _stray(text, position, tokens))
        kind, position = found.lastgroup, found.end()
        if kind is None:
            continue
        start = found.start()
        if kind == "NEWLINE":
            if not opened and tokens and tokens[-1].kind not in _GOES_ON:
                tokens.append(Token("NEWLINE", start, start + 1))
            continue
        if kind == "COMMENT":
            comments.append(Token(kind, start, start + len(found.group().rstrip())))
            continue
        if kind == "SIGN":
            kind = found.group()
            if kind in "([":
                opened.append(Token(kind, start, position))
                if len(opened) > NESTING:
                    raise LangError(source, start, position, f"brackets nest deeper than {NESTING}; name a part")
            elif kind in _CLOSING:
                if not opened or opened[-1].kind != _CLOSING[kind]:
                    raise LangError(source, start, position, f"'{kind}' closes nothing")
                opened.pop()
        elif kind == "NAME":
            word = found.group().upper()
            if word in KEYWORDS:
                kind = word
                if word == "PARAM" and opened:
                    break
                if word in _CONTINUES and tokens and tokens[-1].kind == "NEWLINE":
                    tokens.pop()
            else:
                _began(text, tokens)
                if word in _BETWEEN and not opened and tokens and tokens[-1].kind in _OPERAND_ENDS:
                    kind = word
        elif kind == "STRING":
            _began(text, tokens)
        elif kind == "NUMBER" and float(found.group()) == math.inf:
            raise LangError(source, start, position, "the number is beyond the largest that there is, 1.79e308")
        tokens.append(Token(kind, start, position))
    if opened:
        raise LangError(source, opened[-1].start, opened[-1].end, f"'{opened[-1].kind}' is never closed")
    if tokens and tokens[-1].kind != "NEWLINE":
        tokens.append(Token("NEWLINE", size, size))
    tokens.append(Token("END", size, size))
    return tokens, comments


def _began(text: str, tokens: list[Token]) -> None:
    """A name or text comes: behind VAR, DEF or USE at the beginning of a statement, which is a keyword then."""
    if not tokens or tokens[-1].kind != "NAME" or (len(tokens) > 1 and tokens[-2].kind != "NEWLINE"):
        return
    word = text[tokens[-1].start : tokens[-1].end].upper()
    if word in _FIRST:
        tokens[-1].kind = word


def _line_of(tokens: list[Token]) -> int:
    """Where the last statement begins."""
    return next((at for at in range(len(tokens), 0, -1) if tokens[at - 1].kind == "NEWLINE"), 0)


_ELSEWHERE = {  # signs of other languages, and what stands for them here
    "&&": "AND joins conditions",
    "||": "OR joins conditions",
    "!": "NOT is before a condition",
    "?": "IF(condition, a, b) is one of two values",
    ":=": "a value made of its last one is VAR name = value SEED seed",
    ";": "a statement ends with its line",
    "&": "AND joins conditions",
    "|": "OR joins conditions",
}


def _stray(text: str, position: int, tokens: list[Token]) -> str:
    character = text[position]
    if character in "\"'":
        return "the text has no end on its line"
    if character == "`":
        return "'`' wants a column's name and another '`' on its line"
    if character == "@":
        return "'@' wants a period or a symbol, as in close@4h or close@ETHUSDT:4h"
    for sign, instead in _ELSEWHERE.items():
        if text.startswith(sign, position):
            return f"'{sign}' is not part of the language; {instead}"
    if character == ":":
        before = tokens[-1] if tokens else None
        if before and before.kind == "REFERENCE" and text[before.start + 1].isdigit():
            symbol = re.match(r"\w*", text[position + 1 :])
            if symbol and symbol.group():
                said = f"@{symbol.group()}:{text[before.start + 1 : before.end]}"
                return f"':' is not part of the language here; the symbol comes first: {said}"
        line = [one.kind for one in tokens[_line_of(tokens) :]]
        if line and line[-1] in ("THEN", "ELSE"):
            return f"':' is not part of the language; actions stand behind {line[-1]}"
        joined = text[position + 1 : position + 2].isalnum()  # as a symbol is
        if line and line[0] == "IF" and "THEN" not in line and not joined:
            return "':' is not part of the language; THEN stands between a condition and its actions"
        return "':' is not part of the language; such a symbol stands in quotes, as in close@\"ETH/USDT:USDT\""
    shown = character if character.isprintable() else f"U+{ord(character):04X}"
    return f"'{shown}' is not part of the language"
