"""Text to tree: the grammar's parse tree turned into the nodes of tree.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hq_core.errors import HqError
from hq_core.lang import tree
from hq_core.lang.grammar import Parse
from hq_core.lang.source import LangError, StrategyText
from hq_core.lang.tokens import GRAMMAR, KEYWORDS, Token, tokenize
from hq_core.series.expr import reference

if TYPE_CHECKING:
    from hq_core.lang.grammar import Tree

DEPTH = 120  # of one expression's tree: every later pass may then recurse
_SHOWN = {
    "NEWLINE": "end of line",
    "NAME": "a name",
    "NUMBER": "a number",
    "END": "a statement",
    "program": "a statement",
    "signed": "a number",
    "setting": "a number or a text",
    "actions": "an action",
    "action": "an action",
}


def parse(source: StrategyText) -> tree.Program:
    """The tree of a strategy's text. Raises LangError at the first place that the grammar does not allow."""
    tokens, comments = tokenize(source)
    run = Parse([token.kind for token in tokens])
    found = GRAMMAR.parse("program", run)
    if found is None:
        raise _refusal(source, tokens, run)
    builder = _Builder(source, tokens)
    return tree.Program(
        [builder.statement(child) for child in found[1] if type(child) is tuple],
        [(comment.start, comment.end) for comment in comments],
    )


class _Builder:
    __slots__ = ("source", "tokens")

    def __init__(self, source: StrategyText, tokens: list[Token]) -> None:
        self.source = source
        self.tokens = tokens

    def statement(self, found: Tree) -> tree.Syntax:
        rule, children, first, after = found
        start, end = self.tokens[first].start, self.tokens[after - 1].end
        if rule == "parameter":
            return self.parameter(children, start, end)
        if rule == "variable":
            return tree.Variable(start, self.name(children[1]), *map(self.expression, (children[3], children[5])))
        if rule == "function":
            names = [child for child in children[2:-2] if type(child) is int and self.tokens[child].kind == "NAME"]
            return tree.Function(start, self.name(children[1]), [*map(self.name, names)], self.expression(children[-1]))
        if rule == "use":
            return tree.Use(start, self.quoted(children[1]))
        if rule == "several":
            names = [child for child in children[:-2] if self.tokens[child].kind == "NAME"]
            return tree.Several([*map(self.name, names)], self.expression(children[-1]))
        if rule == "assignment":
            return tree.Assign(self.name(children[0]), self.expression(children[2]))
        if rule == "rule":
            others = self.actions(children[5]) if len(children) > 4 else []
            return tree.Rule(start, self.expression(children[1]), self.actions(children[3]), others)
        return tree.Bare(self.expression(found))

    def parameter(self, children: list[Any], start: int, end: int) -> tree.Parameter:
        made = tree.Parameter(start, end, self.name(children[1]), self.setting(children[3]))
        if len(children) > 4:
            rule, inside = children[5][:2]
            if rule == "choices":
                made.choices = self.settings(inside)
            else:
                bounds = [self.signed(child) for child in inside if type(child) is tuple]
                made.low, made.high = bounds[:2]
                made.step = bounds[2] if len(bounds) > 2 else None
        return made

    def settings(self, children: list[Any]) -> list[tree.Number | tree.Text]:
        return [self.setting(child) for child in children if type(child) is tuple]

    def setting(self, found: Tree) -> tree.Number | tree.Text:
        return self.quoted(found[1][0]) if found[0] == "setting" else self.signed(found)

    def quoted(self, index: int) -> tree.Text:
        token = self.tokens[index]
        return tree.Text(token.start, token.end, self.text(index))

    def actions(self, found: Tree) -> list[tree.Call]:
        many = found[1] if found[0] == "actions" else [found]
        return [self.action(child) for child in many if type(child) is tuple]

    def action(self, found: Tree) -> tree.Call:
        return self.call(found[1], self.tokens[found[2]].start, self.tokens[found[3] - 1].end)

    def signed(self, found: Tree) -> tree.Number:
        start, end = self.tokens[found[2]].start, self.tokens[found[3] - 1].end
        return tree.Number(start, end, "".join(self.text(child) for child in found[1]))

    def expression(self, found: Tree) -> tree.Syntax:
        return self.bounded(self.anything(found))

    def anything(self, found: Tree) -> tree.Syntax:
        rule, children, first, after = found
        if rule == "primary":
            return self.primary(children)
        if rule == "postfix":
            return self.postfix(children)
        if rule == "power":
            return self.power(children)
        if rule in ("call", "choice"):
            return self.call(children, self.tokens[first].start, self.tokens[after - 1].end)
        if rule in ("negation", "unary"):
            node = self.anything(children[-1])
            for index in reversed(children[:-1]):
                token = self.tokens[index]
                node = tree.Prefix(token.start, token.kind, self.bounded(node))
            return node
        node = self.anything(children[0])
        if rule == "comparison" and type(children[1]) is int:
            return tree.Member(self.bounded(node), self.settings(children[2][1]), self.tokens[after - 1].end)
        if rule == "comparison" and len(children) > 3:
            signs = [self.tokens[sign[1][0]] for sign in children[1::2]]
            operands = [node, *map(self.anything, children[2::2])]
            return tree.Chain(operands, [(sign.kind, sign.start, sign.end) for sign in signs])
        for i in range(1, len(children), 2):
            sign = children[i]
            token = self.tokens[sign if type(sign) is int else sign[1][0]]
            node = tree.Infix(self.bounded(node), token.kind, token.start, token.end, self.anything(children[i + 1]))
        return node

    def bounded(self, node: tree.Syntax) -> tree.Syntax:
        if node.depth > DEPTH:
            raise LangError(
                self.source, node.start, node.end, f"the expression nests deeper than {DEPTH}; give a part of it a name"
            )
        return node

    def primary(self, children: list[Any]) -> tree.Syntax:
        if len(children) == 3:
            return self.anything(children[1])
        token = self.tokens[children[0]]
        if token.kind == "STRING":
            return self.quoted(children[0])
        text = self.source.text[token.start : token.end]
        if token.kind == "NAME":
            return tree.Name(token.start, token.end, text)
        if token.kind == "COLUMN":
            return tree.Column(token.start, token.end, text[1:-1])
        if token.kind == "NUMBER":
            return tree.Number(token.start, token.end, text)
        return tree.Truth(token.start, token.end, token.kind == "TRUE")

    def power(self, children: list[Any]) -> tree.Syntax:
        """Powers from the right: 2 ^ -3 ^ 2 is 2 ^ -(3 ^ 2)."""
        operands = [
            one[1] if one[0] == "exponent" else [one] for one in children[::2]
        ]  # minuses, then what they are of
        node = self.anything(operands[-1][-1])
        for i in range(len(operands) - 1, 0, -1):
            for index in reversed(operands[i][:-1]):
                node = tree.Prefix(self.tokens[index].start, "-", self.bounded(node))
            sign, left = self.tokens[children[2 * i - 1]], self.anything(operands[i - 1][-1])
            node = tree.Infix(left, "^", sign.start, sign.end, self.bounded(node))
        return node

    def postfix(self, children: list[Any]) -> tree.Syntax:
        node = self.anything(children[0])
        i = 1
        while i < len(children):
            token = self.tokens[children[i]]
            if token.kind == "[":
                node = tree.History(self.tokens[children[i + 2]].end, node, self.expression(children[i + 1]))
                i += 3
            elif token.kind == ".":
                node = tree.Output(node, self.name(children[i + 1]))
                i += 2
            else:
                symbol, period = self.reference(token)
                node = tree.Elsewhere(node, token.start, token.end, symbol, period)
                i += 1
            self.bounded(node)
        return node

    def reference(self, token: Token) -> tuple[str, str]:
        """(symbol, period) of @4h, @ETHUSDT, @ETHUSDT:4h, or of what stands in quotes."""
        written = self.source.text[token.start + 1 : token.end].strip('"')
        if not written:
            raise LangError(self.source, token.start, token.end, "'@' wants a period or a symbol")
        try:
            return reference(written)
        except HqError as error:
            raise LangError(self.source, token.start, token.end, str(error)) from None

    def call(self, children: list[Any], start: int, end: int) -> tree.Call:
        arguments: list[tree.Argument] = []
        if len(children) == 4:
            inside = children[2]
            many = inside[1] if inside[0] == "arguments" else [inside]
            arguments = [self.argument(child) for child in many if type(child) is tuple]
        return tree.Call(start, end, self.name(children[0]), arguments)

    def argument(self, found: Tree) -> tree.Argument:
        key = None
        if found[0] == "argument":
            key, found = self.name(found[1][0]), found[1][2]
        value = self.expression(found)
        return tree.Argument(key.start if key else value.start, value.end, key, value)

    def name(self, index: int) -> tree.Name:
        token = self.tokens[index]
        return tree.Name(token.start, token.end, self.source.text[token.start : token.end])

    def text(self, index: int) -> str:
        return self.source.text[self.tokens[index].start : self.tokens[index].end]


def _refusal(source: StrategyText, tokens: list[Token], run: Parse) -> LangError:
    """The error at the farthest token that could not be used."""
    token = tokens[run.far]
    found = source.text[token.start : token.end]
    shown = "end of line" if token.kind == "NEWLINE" else "end of file" if token.kind == "END" else f"'{found}'"
    wanted = " or ".join(_expected(word) for word in run.expected)
    hint = ""
    if token.kind == "=":
        hint = "; a comparison is '=='"
    elif run.expected == ("(",) and run.far and tokens[run.far - 1].kind == "IF":
        hint = "; IF(condition, a, b) is one of two values"
    elif token.kind == "*" and tokens[run.far - 1].kind == "*":
        hint = "; a power is x ^ y"
    elif token.kind == "(" and [one.kind for one in tokens[: run.far][-3:]] == ["NAME", ".", "NAME"]:
        hint = f"; a function stands alone: {source.text[tokens[run.far - 1].start : token.start].strip().upper()}(...)"
    elif _further_condition(source, tokens, run.far):
        hint = "; behind ELSE stand actions: a further condition is an IF of its own"
    elif token.kind in KEYWORDS and "NAME" in run.expected:
        hint = f"; {token.kind} is a word of the language"
    return LangError(source, token.start, token.end, f"expected {wanted}, found {shown}{hint}")


def _further_condition(source: StrategyText, tokens: list[Token], far: int) -> bool:
    """Whether ELSE IF, ELIF or ELSEIF stands there."""
    token = tokens[far]
    if token.kind == "IF":
        return far > 0 and tokens[far - 1].kind == "ELSE"
    return token.kind == "NAME" and source.text[token.start : token.end].upper() in ("ELIF", "ELSEIF")


def _expected(word: str) -> str:
    if word in _SHOWN:
        return _SHOWN[word]
    if word in GRAMMAR.literals:
        return word if word.isalpha() else f"'{word}'"
    return "a value"  # every other rule is a level of expression
