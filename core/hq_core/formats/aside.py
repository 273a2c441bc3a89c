"""Calls whose results are asked for later, each made by a thread of its own."""

from __future__ import annotations

from threading import Thread
from typing import TYPE_CHECKING, Generic, TypeVar

from hq_core.formats.ahead import two_processors

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class Aside(Generic[T]):
    """A call that is made beside whoever asks for it, or at once where no thread would run beside."""

    def __init__(self, call: Callable[[], T]) -> None:
        self._call = call
        self._made: list[T] = []
        self._why: list[BaseException] = []
        self._thread: Thread | None = None
        if two_processors():
            self._thread = Thread(target=self._make)
            self._thread.start()
        else:
            self._make()

    def _make(self) -> None:
        try:
            self._made.append(self._call())
        except BaseException as error:  # noqa: BLE001  whoever asks for the result raises it
            self._why.append(error)

    def result(self) -> T:
        """What the call gave, or raised."""
        if self._thread is not None:
            self._thread.join()
        if self._why:
            raise self._why[0]
        return self._made[0]
