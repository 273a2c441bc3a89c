"""The canonical text of a strategy: same meaning, same comments, one spelling."""

from __future__ import annotations

import re

from hq_core.lang import tree
from hq_core.lang.check import Checker
from hq_core.lang.parse import parse
from hq_core.lang.scope import Scope
from hq_core.lang.source import StrategyText
from hq_core.lang.tokens import GRAMMAR
from hq_core.lang.words import ACTIONS, BUILT

WIDTH = 100  # a longer rule breaks before THEN
_LEVELS = {"OR": 1, "AND": 2, "+": 5, "-": 5, "*": 6, "/": 6, "%": 6, "^": 8}
_REFERENCE = re.compile(GRAMMAR.tokens["REFERENCE"])
_NOT, _RELATION, _MINUS, _POWER, _POSTFIX, _ATOM = 3, 4, 7, 8, 9, 10


def format_text(text: str, file: str) -> str:
    """The canonical text. Raises LangError where the strategy is wrong; any unknown name may be a column."""
    source = StrategyText(text, file)
    program = parse(source)
    printer = _Printer(Checker(Scope(source, columns=None)).check(program))
    comments = list(program.comments)
    lines: list[str] = []
    after = 0  # the source up to here has been printed

    def add(start: int, end: int, line: str) -> None:
        nonlocal after
        if lines and text.count("\n", after, start) > 1:
            lines.append("")  # blank lines become one
        lines.append(line)
        after = end

    for statement in program.statements:
        while comments and comments[0][0] < statement.end:
            start, end = comments.pop(0)
            inside = start > statement.start  # goes above the statement
            add(statement.start if inside else start, statement.start if inside else end, text[start:end])
        line, end = printer.statement(statement), statement.end
        if comments and "\n" not in text[end : comments[0][0]]:
            start, end = comments.pop(0)
            line += "  " + text[start:end]
        add(statement.start, end, line)
    for start, end in comments:
        add(start, end, text[start:end])
    return "\n".join(lines) + "\n" if lines else ""


class _Printer:
    def __init__(self, checker: Checker) -> None:
        self.scope = checker.scope
        self.calls = checker.calls
        self.functions = checker.functions

    def statement(self, node: tree.Syntax) -> str:
        if isinstance(node, tree.Parameter):
            return f"param {node.name.name} = {node.value.text}{_bounds(node)}"
        if isinstance(node, tree.Assign):
            return f"{node.name.name} = {self.text(node.value)}"
        if isinstance(node, tree.Several):
            return f"{', '.join(name.name for name in node.names)} = {self.text(node.value)}"
        if isinstance(node, tree.Variable):
            return f"VAR {node.name.name} = {self.text(node.value)} SEED {self.text(node.seed)}"
        if isinstance(node, tree.Function):
            names = ", ".join(name.name for name in node.parameters)
            return f"DEF {node.name.name}({names}) = {self.text(node.value)}"
        if isinstance(node, tree.Use):
            return f"USE {node.file.text}"
        if isinstance(node, tree.Rule):
            parts = [f"IF {self.text(node.condition)}", self.actions("THEN", node.actions)]
            if node.others:
                parts.append(self.actions("ELSE", node.others))
            return (" " if sum(map(len, parts)) < WIDTH else "\n  ").join(parts)
        assert isinstance(node, tree.Bare)
        return self.text(node.value)

    def actions(self, word: str, calls: list[tree.Call]) -> str:
        texts = [self.action(call) for call in calls]
        return f"{word} " + (", " if sum(map(len, texts)) < WIDTH else ",\n       ").join(texts)

    def action(self, call: tree.Call) -> str:
        action = ACTIONS[call.function.name.upper()][0]
        given = {argument.key.name.lower(): argument.value for argument in call.arguments if argument.key is not None}
        inside = [f"{key}={self.text(given[key])}" for key in BUILT["OPEN"] if key in given]
        for argument in call.arguments:
            if argument.key is None:
                assert isinstance(argument.value, tree.Call)
                inside.append(f"META({self.arguments(argument.value)})")
        return f"{action}({', '.join(inside)})"

    def arguments(self, call: tree.Call) -> str:
        return ", ".join(
            (f"{argument.key.name}=" if argument.key else "") + self.text(argument.value) for argument in call.arguments
        )

    def text(self, node: tree.Syntax, level: int = 0) -> str:
        """The text of an expression, in brackets where it binds less than `level`."""
        text, own = self._expression(node)
        return f"({text})" if own < level else text

    def _expression(self, node: tree.Syntax) -> tuple[str, int]:
        if isinstance(node, (tree.Number, tree.Text)):
            return node.text, _ATOM
        if isinstance(node, tree.Truth):
            return "TRUE" if node.value else "FALSE", _ATOM
        if isinstance(node, tree.Name):
            return node.name, _ATOM
        if isinstance(node, tree.Column):
            return f"`{node.name}`", _ATOM
        if isinstance(node, tree.Call):
            return self._call(node), _ATOM
        if isinstance(node, tree.Prefix):
            if node.sign == "NOT":
                return f"NOT {self.text(node.operand, _NOT)}", _NOT
            return f"-{self.text(node.operand, _MINUS)}", _MINUS
        if isinstance(node, tree.Infix):
            own = _LEVELS.get(node.sign, _RELATION)
            if own == _POWER:  # what stands to its right may begin with a minus, and be another power
                return f"{self.text(node.left, _POSTFIX)} ^ {self.text(node.right, _MINUS)}", own
            left = self.text(node.left, own + (own == _RELATION))
            return f"{left} {node.sign} {self.text(node.right, own + 1)}", own
        if isinstance(node, tree.Chain):
            parts = [self.text(node.operands[0], _RELATION + 1)]
            parts += [
                f"{sign} {self.text(one, _RELATION + 1)}" for (sign, _, _), one in zip(node.signs, node.operands[1:])
            ]
            return " ".join(parts), _RELATION
        if isinstance(node, tree.Member):
            choices = ", ".join(one.text for one in node.choices)
            return f"{self.text(node.operand, _RELATION + 1)} IN ({choices})", _RELATION
        if isinstance(node, tree.History):
            return f"{self.text(node.operand, _POSTFIX)}[{self.text(node.index)}]", _POSTFIX
        if isinstance(node, tree.Output):
            column = self.scope.exact(node) is not None  # whose name is what it is
            name = node.name.name if column else node.name.name.lower()
            return f"{self.text(node.operand, _POSTFIX)}.{name}", _POSTFIX
        assert isinstance(node, tree.Elsewhere)
        plain = f"@{node.where}"
        where = plain if _REFERENCE.fullmatch(plain) else f'@"{node.where}"'
        return self.text(node.operand, _POSTFIX) + where, _POSTFIX

    def _call(self, call: tree.Call) -> str:
        word = call.function.name.upper()
        if not self.calls.get(call):
            name = self.functions[word].node.name.name if word in self.functions else word
            return f"{name}({self.arguments(call)})"
        inside: list[str] = []
        for key, given in self.calls[call]:
            text = given if isinstance(given, str) else self.text(given)
            inside.append(f"{key}={text}" if key else text)
        return f"{word}({', '.join(inside)})"


def _bounds(node: tree.Parameter) -> str:
    if node.choices:
        return f" in ({', '.join(one.text for one in node.choices)})"
    step = f" step {node.step.text}" if node.step else ""
    return f" in {node.low.text}..{node.high.text}{step}" if node.low and node.high else ""
