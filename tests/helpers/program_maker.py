"""Whole strategies at random: their text, and the tree that slow_language.py gives a meaning to.

Every construct that is used is counted in `Maker.seen`, by the names that `constructs` lists.
"""

from __future__ import annotations

from typing import Any

from program_parts import SHORT, Function, Place, Program, copied, more_bits
from program_rules import Rules
from slow_language import Node


class Maker(Rules):
    """Makes one program after another."""

    def program(self) -> Program:
        rng = self.rng
        self.lines: list[str] = []
        self.numbers: list[Node] = []  # named values
        self.conditions: list[Node] = []
        self.several: list[dict[str, Node]] = []  # named values with outputs
        self.functions: list[Function] = []
        self.settings: list[Node] = []  # params that are numbers
        self.texts: list[Node] = []
        self.kept: dict[str, Node] = {}
        self.params: dict[str, list[Any]] = {}
        self.given: dict[str, Any] = {}
        self.files: dict[str, str] = {}
        plots: dict[str, Node] = {}
        self.count = 0
        self.across, self.crossed = self.chance(0.2), 0  # whether it may have cross-sections; how many it has
        for _ in range(rng.randint(0, 2)):
            self._param()
        for _ in range(rng.randint(2, 6)):
            self._comment()
            makers = (self._name, self._variable, self._function, self._several, self._use)
            rng.choices(makers, (12, 9, 6, 3, 1))[0]()
        for _ in range(rng.randint(0, 2)):
            plots |= self._plot()
        if self.chance(0.1):
            self.hit("bare expression")
            self.lines.append(self.condition(1, Place()).text)
        if self.across and not self.crossed:
            self._named_as(self._cross(1, Place()))
        rules = [self._rule() for _ in range(rng.randint(1, 3))]
        self._comment()
        end = "\n" if self.chance(0.8) else ""
        return Program(
            "\n".join(self.lines) + end, self.kept, plots, rules, self.given, self.params, self.files, self.across
        )

    def new(self, stem: str) -> str:
        self.count += 1
        if self.chance(0.03):
            self.hit("soft keyword as a name")
            stem = self.rng.choice(("step", "seed", "var", "use", "Def", "wert", "价"))
        return f"{stem}{self.count}"

    def _comment(self) -> None:
        if self.chance(0.2):
            self.hit("comment")
            self.lines.append(self.rng.choice(("# note", "// note", "", "   ", "#", "\t// IF x THEN")))

    def _param(self) -> None:
        rng, name = self.rng, self.new("p")
        if self.chance(0.35):
            self.hit("param text")
            values: list[Any] = ["gtc", "ioc", "fok"]
            value = rng.choice(values)
            self.lines.append(f'{self.cased("param")} {name} = "{value}" in ("gtc", \'ioc\', "fok")')
            self.texts.append(Node("param", (), (name, value), "t", series=False, text=name))
        else:
            value, values = float(rng.randint(2, 4)), [2.0, 3.0, 4.0]
            bounds = rng.choice(
                ("", " in 2..4", " in 1..4 step 1", " IN (2, 3, 4)", " in .5..4.5 Step 0.5", " in -1..9")
            )
            self.hit(
                "param number",
                f"param{bounds.lower()[:6].rstrip('-.1248')}",
                *(["param step"] if "tep" in bounds else []),
            )
            self.lines.append(f"{self.cased('param')} {name}={value:g}{bounds}")
            self.settings.append(Node("param", (), (name, value), "n", (3, 0), False, name))
        self.params[name] = values
        if self.chance(0.5):
            self.hit("param set from outside")
            self.given[name] = rng.choice(values)

    def _named(self, name: str, node: Node) -> None:
        made = node.under(name) if node.op != "var" else node
        (self.numbers if node.kind == "n" else self.conditions).append(made)
        self.kept[name] = made

    def any_value(self, depth: int, place: Place) -> Node:
        return self.number(depth, place) if self.chance(0.6) else self.condition(depth, place)

    def _name(self) -> None:
        self._named_as(self.any_value(3, Place()))

    def _named_as(self, node: Node) -> None:
        name = self.new("n")
        self.hit("assignment")
        self.lines.append(f"{name}{self.pad()}={self.pad()}{node.text}")
        self._named(name, node)

    def _variable(self) -> None:
        name, rng = self.new("v"), self.rng
        if self.chance(0.3):  # a sum of what is short, so that sums of it are exact
            step = self.short(Place())
            start = self.literal()
            var = Node("var", (), None, "n", more_bits(step.bits, start.bits, add=7), True, name)
            own = self._own(var, 1, name)
            value = Node("+", (own, step), None, "n", None, True, f"{own.text} + {self.at(step, 6)}", 5)
            seed = start
        else:
            seed = self.any_value(1, Place())
            var = Node("var", (), None, seed.kind, None, True, name)
            make = self.number if seed.kind == "n" else self.condition
            value = make(rng.randint(1, 3), Place(own=var))
        var.data = (lambda: value), seed, name
        self.hit("VAR of numbers" if seed.kind == "n" else "VAR of conditions")
        self.lines.append(f"{self.cased('var')} {name} = {value.text} {self.cased('seed')} {seed.text}")
        self._named(name, var)

    def _own(self, var: Node, back: int, name: str) -> Node:
        self.hit("own value" if back == 1 else "own value of more rows before")
        return Node("own", (), (var, back), var.kind, None, True, f"{name}[{back}]", 9)

    def _function(self) -> None:
        rng, name = self.rng, self.new("f")
        kinds = [rng.choice("nnb") for _ in range(rng.randint(0, 3))]
        keys = [f"a{i}" for i in range(len(kinds))]
        args = tuple(
            Node("arg", (), key, kind, SHORT if kind == "n" else None, True, key) for key, kind in zip(keys, kinds)
        )
        pure, crossed = self.chance(0.6), self.crossed
        place = Place(bare=pure, args=args)
        if self.chance(0.3):
            self.hit("OUTPUTS")
            outputs = {key: self.any_value(2, place) for key in ("lo", "hi", "mid")[: rng.randint(2, 3)]}
            body = self.called("OUTPUTS", *(f"{key}={node.text}" for key, node in outputs.items()))
        else:
            outputs = {"": self.any_value(3, place)}
            body = outputs[""].text
        self.hit("DEF", f"DEF of {len(kinds)}")
        self.lines.append(f"{self.cased('def')} {name}({', '.join(keys)}) = {body}")
        self.functions.append(Function(name, kinds, keys, outputs, pure, self.crossed > crossed))

    def _use(self, deeper: bool = True) -> None:
        """USE: another file with functions, whose other names are its own."""
        self._used += 1
        file = f"part{self._used}.hq"
        outer = (
            self.lines,
            self.numbers,
            self.conditions,
            self.several,
            self.settings,
            self.texts,
            self.kept,
            self.functions,
        )
        self.lines, self.numbers, self.conditions, self.several, self.settings = [], [], [], [], []
        self.texts, self.kept, self.functions = [], {}, []
        if deeper and self.chance(0.3):
            self.hit("USE in a file that is used")
            self._use(deeper=False)
        for _ in range(self.rng.randint(1, 3)):
            self._comment()
            self.rng.choice((self._name, self._function, self._function, self._several))()
        self.files[file] = "\n".join(self.lines)
        found = self.functions
        (
            self.lines,
            self.numbers,
            self.conditions,
            self.several,
            self.settings,
            self.texts,
            self.kept,
            self.functions,
        ) = outer
        self.functions += found
        self.hit("USE")
        self.lines.append(f'{self.cased("use")} "{file}"')

    def call(self, function: Function, depth: int, place: Place) -> dict[str, Node]:
        """A call of a DEF: each of its values."""
        given: dict[str, Node] = {}
        for key, kind in zip(function.keys, function.kinds):
            given[key] = self.short(place, depth) if kind == "n" else self.condition(depth, place, series=True)
        parts = [node.text for node in given.values()]
        if self.chance(0.4):
            self.hit("call by names")
            pairs = list(given.items())
            self.rng.shuffle(pairs)
            parts = [f"{key}={node.text}" for key, node in pairs]
        text = f"{self.cased(function.name)}({self.listed(parts)})"
        self.hit("call of a DEF", *(["DEF that calls a DEF"] if place.args else []))
        known: dict[int, Node] = {}
        return {
            key: copied(
                node, lambda one: given[one.data] if one.op == "arg" and one.data in given else None, known
            ).under(text + (f".{self.cased(key)}" if key else ""), 9 if key else 10)
            for key, node in function.outputs.items()
        }

    def _usable(self, place: Place) -> list[Function]:
        """The functions that may be called there."""
        every = [one for one in self.functions if one.pure or not place.bare]
        return [one for one in every if place.own is None or not one.across]

    def _several(self) -> None:
        text, values = self._outputs(Place())
        self.hit("several")
        names = [self.new("s") for _ in values]
        if self.chance(0.3):
            name = self.new("m")
            self.hit("outputs under a name")
            self.lines.append(f"{name} = {text}")
            self.several.append({key: node.under(f"{name}.{key}", 9) for key, node in values.items()})
            return
        self.lines.append(f"{', '.join(names)} = {text}")
        for name, node in zip(names, values.values()):
            self._named(name, node)

    def _outputs(self, place: Place, depth: int = 1) -> tuple[str, dict[str, Node]]:
        """A call with several outputs: its text, and each of them."""
        many = [one for one in self._usable(place) if "" not in one.outputs]
        if many and self.chance(0.5):
            self.hit("several of a DEF")
            values = self.call(self.rng.choice(many), depth, place)
            return next(iter(values.values())).text.rpartition(".")[0], values
        rows = self.rows(2)
        if self.chance(0.5):
            self.hit("MINMAX")
            x = self.number(depth, place, series=True)
            text = self.called("MINMAX", x.text, self.keyed("period", rows))
            values = {key: Node(key, (x, rows), "rows", bits=x.bits) for key in ("min", "max")}
        else:
            self.hit("DONCHIAN")
            x, y = (Node("col", (), (key, None), bits=SHORT, series=True, text=key) for key in ("high", "low"))
            if self.chance(0.5):
                x, y = self.number(depth, place, series=True), self.number(depth, place, series=True)
                text = self.called("DONCHIAN", x.text, y.text, rows.text)
            else:
                self.hit("inputs left out")
                text = self.called("DONCHIAN", self.keyed("period", rows))
            values = {key: Node(key, (x, y, rows), "rows") for key in ("upper", "middle", "lower")}
        return text, {key: node.under(f"{text}.{self.cased(key)}", 9) for key, node in values.items()}

    def _plot(self) -> dict[str, Node]:
        name, node = self.new("plot"), self.any_value(2, Place())
        self.hit("PLOT")
        shown = self.rng.choice((name, f'"{name}"', f"'{name}'"))
        self.lines.append(f"{self.cased('plot')}({shown}, {node.text})")
        return {name: node}
