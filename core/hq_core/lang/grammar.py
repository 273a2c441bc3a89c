"""A small parser made from an EBNF text: ordered choice, pruned by first sets, one token of prediction.

Linear on this grammar: an alternative that fails does so within two tokens (NAME "=", NAME "(").
A parse tree is nested tuples (rule, children, first token, token after the last); a child is a tree or the
index of a token. A rule with one tree inside and nothing else gives that tree.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    Tree = tuple[str, list[Any], int, int]
    Match = Callable[["Parse", int, list[Any]], int]  # (run, position, children) -> position after, or -1

_EBNF = re.compile(r"""\(\*.*?\*\)|\s+|(/(?:\\.|[^/\\])*/|"[^"]*"|\w+|[=;|{}()\[\]])""", re.S)


class Parse:
    """One parse: the tokens' kinds, and the farthest place that could not be matched with what it lacked."""

    __slots__ = ("expected", "far", "kinds")

    def __init__(self, kinds: list[str]) -> None:
        self.kinds = kinds
        self.far = 0
        self.expected: tuple[str, ...] = ()

    def miss(self, position: int, expected: str) -> int:
        if position > self.far:
            self.far, self.expected = position, (expected,)
        elif position == self.far and expected not in self.expected:
            self.expected += (expected,)
        return -1


class Grammar:
    """Rules and tokens of an EBNF text.

    rules      their names, in file order
    tokens     regular expression of each token named in upper case, in file order
    literals   the quoted words and signs, in file order
    """

    def __init__(self, text: str) -> None:
        words = [word for word in _EBNF.findall(text) if word]
        self.tokens: dict[str, str] = {}
        self.literals: list[str] = []
        self._bodies: dict[str, Any] = {}
        self._firsts: dict[str, frozenset[str]] = {}
        self._rules: dict[str, Match] = {}
        at = 0
        while at < len(words):
            name, body = words[at], words[at + 2]
            if body[0] == "/":
                self.tokens[name] = body[1:-1].replace("\\/", "/")
                at += 4
            else:
                self._bodies[name], at = self._choice(words, at + 2)
                at += 1
        self.rules = list(self._bodies)
        self._open: set[str] = set()
        for name in self._bodies:
            self._reference(name)

    def parse(self, rule: str, run: Parse) -> Tree | None:
        """The tree of `rule` over all of the run's tokens, which end with kind END; None: see run.far."""
        out: list[Any] = []
        end = self._rules[rule](run, 0, out)
        if end < 0:
            return None
        if run.kinds[end] != "END":
            if end >= run.far:
                run.miss(end, "END")
            return None
        tree: Tree = out[0]
        return tree

    # The text's rules as nested lists: ["or", ...], ["and", ...], ["many", x], ["maybe", x], ["is", key]

    def _choice(self, words: list[str], at: int) -> tuple[Any, int]:
        choices: list[Any] = ["or"]
        while True:
            parts: list[Any] = ["and"]
            while words[at] not in "|;)}]":
                word = words[at]
                at += 1
                if word in "{[(":
                    inner, at = self._choice(words, at)
                    parts.append(inner if word == "(" else ["many" if word == "{" else "maybe", inner])
                    at += 1
                else:
                    if word[0] == '"':
                        word = word[1:-1]
                        if word not in self.literals:
                            self.literals.append(word)
                    parts.append(["is", word])
            choices.append(parts if len(parts) > 2 else parts[1])
            if words[at] != "|":
                return (choices if len(choices) > 2 else choices[1]), at
            at += 1

    def _first(self, body: Any) -> tuple[frozenset[str], bool]:
        """Kinds that `body` can start with, and whether it can be empty."""
        kind = body[0]
        if kind == "is":
            name = body[1]
            if name not in self._bodies:
                return frozenset((name,)), False
            if name not in self._firsts:
                self._firsts[name] = self._first(self._bodies[name])[0]
            return self._firsts[name], False
        if kind == "or":
            return frozenset().union(*(self._first(part)[0] for part in body[1:])), False
        if kind != "and":
            return self._first(body[1])[0], True
        found: frozenset[str] = frozenset()
        for part in body[1:]:
            first, empty = self._first(part)
            found |= first
            if not empty:
                return found, False
        return found, True

    def _rule(self, name: str, body: Any) -> Match:
        first, empty = self._first(body)
        inner = self._match(body)

        def rule(run: Parse, position: int, out: list[Any]) -> int:
            if not empty and run.kinds[position] not in first:
                return run.miss(position, name)
            children: list[Any] = []
            end = inner(run, position, children)
            if end >= 0:
                alone = len(children) == 1 and type(children[0]) is tuple and not empty
                out.append(children[0] if alone else (name, children, position, end))
            return end

        return rule

    def _match(self, body: Any) -> Match:
        kind = body[0]
        if kind == "is":
            return self._token(body[1]) if body[1] not in self._bodies else self._reference(body[1])
        first = self._first(body)[0]
        if kind == "or":
            choices = [(self._first(part)[0], self._match(part)) for part in body[1:]]

            def choose(run: Parse, position: int, out: list[Any]) -> int:
                found, size, before = run.kinds[position], len(out), (run.far, run.expected)
                farthest = before
                for start, part in choices:
                    if found in start:
                        end = part(run, position, out)
                        if end >= 0:
                            return end
                        del out[size:]
                        if run.far > farthest[0]:
                            farthest = run.far, run.expected
                        if run.far <= position + 1:  # lost on its prediction: says nothing if another one fits
                            run.far, run.expected = before
                if farthest[0] >= run.far:
                    run.far, run.expected = farthest
                return -1

            return choose
        if kind == "and":
            parts = [self._match(part) for part in body[1:]]

            def follow(run: Parse, position: int, out: list[Any]) -> int:
                for part in parts:
                    position = part(run, position, out)
                    if position < 0:
                        return -1
                return position

            return follow
        inner, once = self._match(body[1]), kind == "maybe"

        def repeat(run: Parse, position: int, out: list[Any]) -> int:
            while run.kinds[position] in first:
                size = len(out)
                end = inner(run, position, out)
                if end < 0:
                    del out[size:]
                    return position
                position = end
                if once:
                    return position
            return position

        return repeat

    def _token(self, key: str) -> Match:
        def token(run: Parse, position: int, out: list[Any]) -> int:
            if run.kinds[position] != key:
                return run.miss(position, key)
            out.append(position)
            return position + 1

        return token

    def _reference(self, name: str) -> Match:
        """The matcher of a rule, made at its first mention; only a rule inside itself costs one more call."""
        rules = self._rules
        if name in self._open:
            return lambda run, position, out: rules[name](run, position, out)
        if name not in rules:
            self._open.add(name)
            rules[name] = self._rule(name, self._bodies[name])
            self._open.remove(name)
        return rules[name]
