"""DEF and USE: functions of the file's own, and of others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hq_core import registry
from hq_core.lang import tree
from hq_core.lang.builtins import BUILTINS
from hq_core.lang.source import LangError
from hq_core.lang.words import ACTIONS, VECTORS
from hq_core.series.expr import record

if TYPE_CHECKING:
    from hq_core.lang.check import Checker
    from hq_core.lang.expressions import Expressions
    from hq_core.lang.scope import Scope
    from hq_core.series.expr import Clock, Expr

OUTPUTS = "OUTPUTS"
MOST_NODES = 200_000  # of all that is expanded in a strategy: seconds to plan


class Defined:
    """A function of a file.

    checker  of that file: what its body may name besides its parameters
    called   whether anything does
    """

    __slots__ = ("_known", "_open", "_size", "called", "checker", "node")

    def __init__(self, node: tree.Function, checker: Checker) -> None:
        self.node = node
        self.checker = checker
        self.called = False
        self._open = False
        self._size = 0
        # by clock and arguments, which are kept with it: functions that call functions twice would double each time
        self._known: dict[tuple[Clock, tuple[tuple[str, int], ...]], tuple[dict[str, Expr], Expr]] = {}

    def expand(self, call: tree.Call, given: dict[str, Expr], caller: Scope) -> Expr:
        """Its value for these arguments, as though it stood where it is called."""
        self.called = True
        scope = self.checker.scope
        if self._open:
            raise self.calls_itself(call, caller)
        key = caller.clock, tuple(sorted((name, id(expr)) for name, expr in given.items()))
        if key in self._known:
            return self._known[key][1]
        self._grow(call, caller)
        names, clock, own = scope.names, scope.clock, scope.own
        scope.names, scope.clock, scope.own, self._open = names | given, caller.clock, None, True
        try:
            found = self.body(self.checker)
            self._known[key] = given, found
            return found
        except LangError as error:
            raise error.inside(self.node.name.name, caller.source, call.start) from None
        finally:
            scope.names, scope.clock, scope.own, self._open = names, clock, own, False

    def _grow(self, call: tree.Call, caller: Scope) -> None:
        """Refuse a call with which the bodies of all calls, each in place of its call, are too many nodes."""
        used = self.checker.used
        self._size = self._size or tree.size(self.node.value)
        used.expanded += self._size
        if used.expanded > MOST_NODES:
            told = f"with {self.node.name.name} the functions expand to more than {MOST_NODES:,} nodes"
            raise caller.wrong(call, f"{told}; give what is called twice with other arguments a name")

    def calls_itself(self, call: tree.Call, caller: Scope) -> LangError:
        return caller.wrong(call, f"{self.node.name.name} calls itself; a value made of its last one is a VAR")

    def body(self, checker: Expressions) -> Expr:
        """Its value as a checker finds it, whose names include its parameters."""
        body = self.node.value
        if not (isinstance(body, tree.Call) and body.function.name.upper() == OUTPUTS):
            return checker.expr(body)
        outputs: dict[str, Expr] = {}
        for argument in body.arguments:
            if argument.key is None:
                raise checker.scope.wrong(argument, f"{OUTPUTS} takes name=value")
            if argument.key.name.lower() in outputs:
                raise checker.scope.wrong(argument.key, f"{argument.key.name} is given twice")
            outputs[argument.key.name.lower()] = checker.expr(argument.value)
        if len(outputs) < 2:
            raise checker.scope.wrong(body, f"{OUTPUTS} wants two values or more, each with its name")
        return record(outputs)


def define(checker: Checker, node: tree.Function) -> None:
    """A function from here on."""
    scope, name = checker.scope, node.name.name.upper()
    if name in checker.functions:
        raise scope.wrong(node.name, f"'{node.name.name}' is defined already; a name is given once")
    if name in BUILTINS or name in VECTORS or name in ACTIONS or name in ("META", "PLOT", OUTPUTS):
        raise scope.wrong(node.name, f"{name} is a word of the language")
    if name.lower() in registry.names():
        raise scope.wrong(node.name, f"{name} is an indicator")
    seen: set[str] = set()
    for parameter in node.parameters:
        if parameter.name in seen:
            raise scope.wrong(parameter, f"{parameter.name} is there twice")
        seen.add(parameter.name)
    checker.functions[name] = Defined(node, checker)


def use(checker: Checker, node: tree.Use) -> None:
    """The functions of another file from here on."""
    scope = checker.scope
    source, program = checker.used.open(scope, node)
    inner = checker.beside(source)
    for statement in program.statements:
        if not isinstance(statement, (tree.Function, tree.Use, tree.Assign, tree.Several)):
            raise inner.scope.wrong(statement, "a file that is used holds DEF, USE and names, no rules and parameters")
    checker.used.opened.append(source.name)
    inner.check(program)
    checker.used.opened.pop()
    for name, function in inner.functions.items():
        known = checker.functions.get(name)
        if known is not None and known.node is not function.node:
            raise scope.wrong(node, f"{function.node.name.name} is defined already")
        checker.functions[name] = function
