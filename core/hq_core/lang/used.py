"""Other files of functions: each read and parsed once, found from the file that names it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from hq_core.errors import HqError
from hq_core.files import read_file
from hq_core.lang import tree
from hq_core.lang.parse import parse
from hq_core.lang.source import StrategyText

if TYPE_CHECKING:
    from hq_core.lang.scope import Scope

LARGEST = 1 << 20  # bytes of a file
MOST = 64


class Used:
    """The files that a strategy uses, and how far its functions have grown.

    contents  what they hold but for where others lie, by their names without folders; those alike have numbers
    expanded  nodes of the functions' bodies so far, each as often as it is made for other arguments
    """

    def __init__(self) -> None:
        self.contents: dict[str, str] = {}
        self._parsed: dict[str, tuple[StrategyText, tree.Program]] = {}
        self.opened: list[str] = []
        self.expanded = 0

    def open(self, scope: Scope, node: tree.Use) -> tuple[StrategyText, tree.Program]:
        """The file that a USE names.  Raises LangError at the name where it cannot be read."""
        if "\0" in node.file.value:  # the system would take what stands before it
            raise scope.wrong(node.file, "no file's name has a NUL in it")
        path = os.path.normpath(os.path.join(os.path.dirname(scope.source.name), node.file.value))
        if path in self.opened or path == os.path.normpath(scope.source.name):
            raise scope.wrong(node.file, "the file uses itself: " + " uses ".join([*self.opened, path]))
        if path not in self._parsed:
            if len(self._parsed) >= MOST:
                raise scope.wrong(node.file, f"more than {MOST} files are used")
            try:
                text = read_file(path, LARGEST).decode("utf-8")
            except (HqError, UnicodeDecodeError) as error:
                told = str(error) if isinstance(error, HqError) else f"{path} is no UTF-8 text"
                raise scope.wrong(node.file, told) from None
            source = StrategyText(text, path)
            program = parse(source)
            self._parsed[path] = source, program
            name = base = os.path.basename(path)
            while name in self.contents:
                name = f"{base} ({1 + len(self.contents)})"
            self.contents[name] = content(source, program)
        return self._parsed[path]


def content(source: StrategyText, program: tree.Program) -> str:
    """A file's text without the names of those that it uses, which say where they lie and not what they hold."""
    found, end = "", 0
    for one in program.statements:
        if isinstance(one, tree.Use):
            found += source.text[end : one.file.start]
            end = one.file.end
    return found + source.text[end:]
