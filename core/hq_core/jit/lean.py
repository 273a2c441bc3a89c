"""numba's compiler without what a kernel has no use for: LLVM's text of a function, and no machine code.

As numba compiles it each helper is optimised, made into machine code and linked into this process, and all of that is
thrown away: what runs is the image, optimised once, as a whole.  Here a function goes through those of numba's passes
that change what comes out of a kernel, and stays text.  What this does not take, `compile` gives to numba as it is.
"""

# mypy: disable-error-code="no-untyped-call, attr-defined, untyped-decorator"
from __future__ import annotations

from contextlib import contextmanager, nullcontext
from types import FunctionType
from typing import TYPE_CHECKING, Any

from numba import types
from numba.core import bytecode, codegen, compiler, datamodel, imputils, typed_passes, untyped_passes
from numba.core.analysis import dead_branch_prune
from numba.core.compiler_lock import global_compiler_lock
from numba.core.registry import cpu_target
from numba.core.typing import signature
from numba.core.typing.templates import fold_arguments
from numba.core.utils import pysignature
from numba.np import arrayobj

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_types: Any = types  # untyped in numba


class Prune:
    """numba's pruning of branches that no call of these types takes."""

    def run_pass(self, state: Any) -> None:
        dead_branch_prune(state.func_ir, state.args)


# of numba's passes these, in numba's order
PASSES: Any = (
    untyped_passes.ExtractByteCode,
    untyped_passes.TranslateByteCode,
    untyped_passes.FixupArgs,
    untyped_passes.IRProcessing,
    Prune,
    untyped_passes.GenericRewrites,
    untyped_passes.ReconstructSSA,
    Prune,
    typed_passes.NopythonTypeInference,
    typed_passes.PreLowerStripPhis,
    typed_passes.IRLegalization,
    typed_passes.NativeLowering,
)


class Flags(compiler.Flags):
    """numba's flags, of which there is one object: numba asks often whether two of them are the same."""

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other


def _flags(**options: Any) -> Any:
    flags: Any = Flags()
    target: Any = cpu_target
    target.options.parse_as_flags(flags, options)
    flags.no_compile = True
    return flags


_known: dict[Any, Any] = {}


class Typing(type(cpu_target.typing_context)):  # type: ignore[misc]
    """numba's knowledge of types, which remembers what it has said of the operators: it is asked thousands of times."""

    def __init__(self) -> None:
        self.__dict__ = vars(cpu_target.typing_context)  # the same memory

    def refresh(self) -> None:
        """Once a kernel, by `texts`."""

    def resolve_function_type(self, func: Any, args: Any, kws: Any) -> Any:
        if kws or not isinstance(func, _types.Function):
            return super().resolve_function_type(func, args, kws)
        found = _known.get((func, args))
        if found is None:
            found = super().resolve_function_type(func, args, kws)
            if found is not None:
                _known[func, args] = found
        return found


class Texts(codegen.CodeLibrary):
    """What numba lowers of one function, as text, and the libraries of what it calls."""

    def __init__(self, name: str) -> None:
        super().__init__(cpu_target.target_context.codegen(), name)
        self.texts: list[str] = []
        self.needs: dict[Any, None] = {}

    def add_linking_library(self, library: Any) -> None:
        self.needs[library] = None

    def add_ir_module(self, ir_module: Any) -> None:
        self.texts.append(str(ir_module))

    def finalize(self) -> Any:
        raise NotImplementedError  # there is no machine code

    def get_function(self, name: str) -> Any:
        raise NotImplementedError

    get_llvm_str = get_asm_str = finalize


class Passes(compiler.CompilerBase):
    def run(self, function: Callable[..., Any]) -> Any:
        state = self.state
        state.func_id = bytecode.FunctionIdentity.from_function(function)
        state.lifted = ()
        with compiler.ConfigStack().enter(state.flags):
            for one in PASSES:
                one().run_pass(state)
        return state


class Function:
    """A function for numba, lowered when it knows the types of a call, once for each in a process.

    wraps   whether an index below 0 counts from the end
    """

    def __init__(self, function: Callable[..., Any], names: dict[str, Any], wraps: bool = True) -> None:
        self.function = FunctionType(
            function.__code__, names, function.__name__, function.__defaults__, function.__closure__
        )
        self.wraps = wraps
        self.parameters = pysignature(self.function)
        self.made: dict[Any, Any] = {}
        self._numba_type_ = FunctionAsType(self)

    def lowered(self, args: Any, result: Any = None) -> Any:
        """The type that it returns, numba's description of it, and its texts."""
        if args not in self.made:
            texts = Texts(self.function.__name__)
            passes = Passes(TYPING, cpu_target.target_context, texts, args, result, FLAGS, {})
            with nullcontext() if self.wraps else _forward():
                state = passes.run(self.function)
            described = state.cr.fndesc
            cpu_target.target_context.insert_user_function((self, args), described, [texts])
            self.made[args] = state.return_type, described, texts
        return self.made[args]


@contextmanager
def _forward() -> Iterator[None]:
    """Within it an index is taken as it is; numba asks of each whether it is below 0 and counts from the end."""
    was = arrayobj.fix_integer_index
    arrayobj.fix_integer_index = _as_it_is
    try:
        yield
    finally:
        arrayobj.fix_integer_index = was


def _as_it_is(context: Any, builder: Any, kind: Any, index: Any, size: Any) -> Any:
    return context.cast(builder, index, kind, _types.intp)


class FunctionAsType(_types.Callable, _types.Opaque):  # type: ignore[misc]
    """What a call of a function is asked."""

    def __init__(self, function: Function) -> None:
        self.hq = function
        super().__init__(f"hq.{function.function.__name__}.{id(function)}")

    def get_call_type(self, context: Any, args: Any, kws: Any) -> Any:
        args = tuple(map(_types.unliteral, args))  # else each constant in a call makes another function of it
        args = fold_arguments(self.hq.parameters, args, kws, _given, _default, _more)
        return signature(self.hq.lowered(args)[0], *args).replace(pysig=self.hq.parameters)

    def get_call_signatures(self) -> Any:
        return [], True

    def get_impl_key(self, sig: Any) -> Any:
        return self.hq, sig.args


def _given(index: int, parameter: Any, value: Any) -> Any:
    return value


def _default(index: int, parameter: Any, value: Any) -> Any:
    return _types.Omitted(value)


def _more(index: int, parameter: Any, values: Any) -> Any:
    return _types.StarArgTuple(values)


FLAGS = _flags(
    nopython=True, error_model="numpy", boundscheck=False, no_cpython_wrapper=True, no_cfunc_wrapper=True, _nrt=False
)
TYPING = Typing()
datamodel.register_default(FunctionAsType)(datamodel.models.OpaqueModel)


@imputils.lower_constant(FunctionAsType)
def _nothing(context: Any, builder: Any, kind: Any, value: Any) -> Any:
    return context.get_dummy_value()


def refresh() -> None:
    """Load what numba knows of types and of what is done with them."""
    cpu_target.target_context.refresh()


def texts(function: Function, args: Any, result: Any) -> tuple[list[str], str]:
    """The texts of a function of these types and of all that it calls, each once, and its own name in them."""
    with global_compiler_lock:
        refresh()
        _, described, library = function.lowered(args, result)
        return list(_gathered(library, {})), described.llvm_func_name


def _gathered(library: Any, seen: dict[Any, None]) -> Iterator[str]:
    if library in seen:
        return
    seen[library] = None
    if isinstance(library, Texts):
        yield from library.texts
        needs = library.needs
    else:  # a piece of numba's own
        yield str(library._final_module)
        needs = {} if library._finalized else library._linking_libraries
    for need in needs:
        yield from _gathered(need, seen)
