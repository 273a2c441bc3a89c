"""DEFs that nothing calls, checked as far as that can be known without their arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hq_core.lang import tree
from hq_core.lang.define import Defined
from hq_core.lang.expressions import Expressions
from hq_core.lang.scope import Scope
from hq_core.lang.source import LangError
from hq_core.lang.words import LOGIC, RELATIONS, TIMES
from hq_core.series.expr import BASE, BOOL, F8, Expr

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hq_core.lang.check import Checker
    from hq_core.series.expr import Clock

UNKNOWN = "unknown"  # the operation of what reads an argument: a value, and of which type it is where that is known
ANYTHING = Expr("any", None, UNKNOWN)
OF_TYPE = {F8: Expr(F8, None, UNKNOWN), BOOL: Expr(BOOL, None, UNKNOWN)}
OPERATORS = (tree.Prefix, tree.Infix, tree.Chain, tree.Member)  # whose operands' types alone say whether they fit


def check_uncalled(checker: Checker, functions: Iterable[Defined]) -> None:
    """Raises LangError for what is wrong in the functions of a file whatever they are called with."""
    trial = Trial(checker)
    try:
        for function in functions:
            trial.value(function, BASE)
    except Certain as certain:
        raise certain.error from None


class Certain(Exception):
    """An error that no argument would mend."""

    def __init__(self, error: LangError) -> None:
        super().__init__()
        self.error = error


class Trial(Expressions):
    """Checks bodies over the names of their file; where an argument decides, nothing is said.

    Stores need not be given, and in a file that is used any unknown name may be a column of the input: who uses one
    of its functions does not need what others read.
    """

    def __init__(self, of: Checker) -> None:
        theirs = of.scope
        columns = None if of.used.opened else theirs.columns
        scope = Scope(theirs.source, columns, theirs.said, theirs.given, None)
        scope.names, scope.texts = theirs.names, theirs.texts
        super().__init__(scope)
        self.functions.update({name: Tried(one, self, of) for name, one in of.functions.items()})
        self._known: dict[tuple[int, Clock], Expr] = {}
        self._values: dict[tuple[int, Clock], Expr] = {}
        self._open: set[int] = set()
        self._read: list[Expr] = []  # of the node that is being checked: its parts that are not known

    def value(self, function: Defined, clock: Clock) -> Expr:
        """What a function gives on the rows of a clock, where its arguments may be anything."""
        key = id(function.node), clock
        if key not in self._values:
            scope = self.scope
            names, outer = scope.names, scope.clock
            scope.names = names | {one.name: ANYTHING for one in function.node.parameters}
            scope.clock = clock
            self._open.add(id(function.node))
            try:
                self._values[key] = function.body(self)
            except LangError as error:
                raise Certain(error) from None
            finally:
                scope.names, scope.clock = names, outer
                self._open.remove(id(function.node))
        return self._values[key]

    def opened(self, function: Defined) -> bool:
        """Whether its body is being checked."""
        return id(function.node) in self._open

    def expr(self, node: tree.Syntax) -> Expr:
        key = id(node), self.scope.clock
        if key not in self._known:
            self._known[key] = self._tried(node)
        found = self._known[key]
        if found.op == UNKNOWN:
            self._read.append(found)
        return found

    def _tried(self, node: tree.Syntax) -> Expr:
        outer, clock = self._read, self.scope.clock
        read: list[Expr] = []
        self._read = read
        try:
            found = super().expr(node)
        except LangError as error:
            self.scope.clock = clock
            types = {one.dtype for one in read}
            if not types or (isinstance(node, OPERATORS) and ANYTHING.dtype not in types):
                raise Certain(error) from None
            self._rest(node)
            found = ANYTHING
        finally:
            self._read = outer
        return _without(node, found) if read else found

    def _rest(self, node: tree.Syntax) -> None:
        """The arguments of a call behind the one at which nothing more could be said."""
        for argument in node.arguments if isinstance(node, tree.Call) else ():
            if not (isinstance(argument.value, tree.Name) and argument.value.name in TIMES):
                self.expr(argument.value)


class Tried(Defined):
    """A function where a body that is tried calls it."""

    __slots__ = ("_here", "_trial")

    def __init__(self, function: Defined, trial: Trial, of: Checker) -> None:
        super().__init__(function.node, function.checker)
        self._here = function.checker is of
        self._trial = trial

    def expand(self, call: tree.Call, given: dict[str, Expr], caller: Scope) -> Expr:
        if not self._here:  # its own file has checked it
            return ANYTHING
        if self._trial.opened(self):
            raise Certain(self.calls_itself(call, caller))
        return self._trial.value(self, caller.clock)


def _without(node: tree.Syntax, found: Expr) -> Expr:
    """What a node is that reads what is not known: of the type that it has whatever that is."""
    if isinstance(node, (tree.Chain, tree.Member)):
        return OF_TYPE[BOOL]
    if isinstance(node, tree.Infix):
        return OF_TYPE[BOOL if node.sign in LOGIC or node.sign in RELATIONS else F8]
    if isinstance(node, tree.Prefix):
        return OF_TYPE[F8 if node.sign == "-" else BOOL]
    if found.op == "record":  # the outputs of a function, each known or not
        return found
    return ANYTHING if found.outputs else OF_TYPE.get(found.dtype, ANYTHING)
