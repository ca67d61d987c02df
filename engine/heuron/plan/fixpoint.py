"""The fixpoint plan: a stratum of joins as loops over plain tuples of values.

Where the rules of a stratum do nothing but join facts and derive one fact each, its fixpoint
needs no numbers, events or rows: facts are tuples of their values, a dictionary holds what is
known, and every join is a look-up in a *projection*, a dictionary from the values of the join to
the other values that somebody reads. Evaluation is semi-naive (Bancilhon and Ramakrishnan, 1986):
every rule is seeded by the facts of the round before, at each of its patterns in turn.

For the stratum number n, `zn(told)` builds the projections of the given types and returns (known,
growing, pieces, path), or None where a told fact of a derived type leaves a field unknown. `known`
and `growing` have an entry for each derived type: its facts, and the function that enters new
facts into its projections. A piece is (index of the rule, type of its seeds, whether these are
derived here, place of the type that it derives, its function, projections that do not grow,
derived types that are looked up); its function takes seeds, and a function that is given what is
new.

Where one type is derived, and one rule carries all fields of it on but one, as a closure carries
the place it started from, that rule is a *path* (the separable recursion of Naughton, 1988): `zn`
returns it as the fourth, (index of the rule, its function, projections, place of the field that
is not carried). The function takes pairs of carried values and what is known there, and follows
each. Nothing is kept but the order in which facts were derived: their first reasons are found
again from it (see `infer.reasons`).
"""

from __future__ import annotations

from collections.abc import Iterable

from heuron.check.reads import free
from heuron.check.tree import (
    Aggregate,
    Bind,
    Binding,
    CertaintyOf,
    Derive,
    Expression,
    FactVariable,
    FieldOf,
    Holds,
    Pattern,
    PredictionOf,
    ReferencedField,
    Rule,
    Test,
    Variable,
)
from heuron.check.walk import walk
from heuron.plan.derivation import derived_values, only_derivation
from heuron.plan.expression import Expressions
from heuron.plan.items import Item
from heuron.plan.matcher import LOOPS, Body, Leaf
from heuron.plan.module import HEAD, Module
from heuron.plan.normal import Program, Stratum
from heuron.plan.scope import MatchNames, Scope

__all__ = ["is_plain", "write_fixpoint"]


def is_plain(program: Program, stratum: Stratum) -> bool:
    """Return whether a stratum's facts can be derived as plain tuples, by joins alone."""
    rules = deriving(program, stratum)
    return bool(rules) and all(_is_plain_rule(program, stratum, one) for one in rules)


def deriving(program: Program, stratum: Stratum) -> tuple[Rule, ...]:
    """Return the rules that derive facts of the stratum's types, in rule order."""
    rules = {
        rule.index: rule
        for one in program.strata
        for rule in (*one.record, *one.fixpoint)
        if any(isinstance(a, Derive) and a.type_name in stratum.derives for a in rule.actions)
    }
    return tuple(rules[index] for index in sorted(rules))


def _is_plain_rule(program: Program, stratum: Stratum, rule: Rule) -> bool:
    matched = [one for one in rule.conditions if isinstance(one, Pattern)]
    action = only_derivation(rule)
    if action is None or not 1 <= len(matched) < LOOPS:
        return False
    if any(not isinstance(one, (Pattern, Test, Bind)) for one in rule.conditions):
        return False
    if any(one.identity is not None or one.each for one in matched):
        return False
    concluded = {field for _, field in program.concluded}
    own = {one.variable for one in matched if one.type_name in stratum.derives}
    for node in walk((rule.conditions, action.values)):
        match node:
            case Aggregate() | Holds() | CertaintyOf() | PredictionOf() | ReferencedField():
                return False
            case FieldOf() | Binding() if node.field in concluded:
                return False
            case FactVariable() if node.name in own:
                # Facts derived here have no numbers yet.
                return False
    return True


def write_fixpoint(module: Module, stratum: Stratum) -> str | None:
    """Write the function of a stratum and return its name, or None where it is not plain."""
    if not is_plain(module.program, stratum):
        return None
    return _Plan(module, stratum).write()


class _NoJoin(Exception):
    """A pattern shares nothing with those before it: its search must be counted step by step."""


class _PlainNames(MatchNames):
    """Leaves that are locals: every field that is read has been unpacked."""

    place: _PlainBody

    def fact(self, name: str) -> str:
        """Return the local of a fact's number."""
        return self.place.fields[(name, "")]

    def field(self, variable: str, field: str) -> str:
        """Return the local of a field."""
        return self.place.fields[(variable, field)]


class _Plan:
    """What is written for one stratum: projections, pieces, and the function around them."""

    def __init__(self, module: Module, stratum: Stratum) -> None:
        self.module = module
        self.stratum = stratum
        self.projections: dict[
            tuple[str, tuple[int, ...], tuple[int, ...], tuple[int, ...]], str
        ] = {}

    def known(self, type_name: str) -> str:
        """Return the name of the dictionary of a derived type's facts."""
        return f"known{self.stratum.derives.index(type_name)}"

    def projection(
        self,
        type_name: str,
        keys: tuple[int, ...],
        values: tuple[int, ...],
        needed: tuple[int, ...],
    ) -> str:
        """Return the name of a projection: keys to values, of rows that have what is needed."""
        key = (type_name, keys, values, needed)
        return self.projections.setdefault(key, f"p{len(self.projections)}")

    def write(self) -> str | None:
        """Write everything and return the function's name."""
        rules = deriving(self.module.program, self.stratum)
        path = self._path(rules)
        functions: list[str] = []
        pieces: list[str] = []
        try:
            for rule in rules:
                own = [one for one in _patterns(rule) if one.type_name in self.stratum.derives]
                seeds = own or _patterns(rule)[:1]
                for place, seed in enumerate(seeds):
                    name = f"f{rule.index}_{place}"
                    body = _PlainBody(self, rule, seed, rule is path)
                    functions += body.lines(name)
                    if rule is not path:
                        pieces.append(body.piece(name))
                    else:
                        path_entry = self._path_entry(body, name)
        except _NoJoin:
            return None
        result = [
            "return (",
            f"    ({''.join(f'{self.known(one)}, ' for one in self.stratum.derives)}),",
        ]
        result.append(f"    ({self._growing(functions)}),")
        result.append(f"    ({''.join(f'{one}, ' for one in pieces)}),")
        result.append(f"    {path_entry if path is not None else 'None'},")
        result.append(")")
        lines = [*self._known_lines(), *self._projection_lines(), *functions, *result]
        name = f"z{self.stratum.index}"
        self.module.add(name, ("told",), [f"    {line}" for line in lines])
        return name

    def _path_entry(self, body: _PlainBody, name: str) -> str:
        found = self.carried(body.rule)
        assert found is not None
        changed = self.module.layouts[self.stratum.derives[0]].given.index(found[0])
        return f"({body.rule.index!r}, {name}, {body.statics()}, {changed!r})"

    def _path(self, rules: tuple[Rule, ...]) -> Rule | None:
        """Return the one recursive rule, if it carries all fields of its type but one."""
        recursive = [
            rule
            for rule in rules
            if any(one.type_name in self.stratum.derives for one in _patterns(rule))
        ]
        if len(self.stratum.derives) != 1 or len(recursive) != 1:
            return None
        return recursive[0] if self.carried(recursive[0]) is not None else None

    def carried(self, rule: Rule) -> tuple[str, Pattern] | None:
        """Return the field that a linear recursive rule does not carry on, and its own pattern."""
        (type_name,) = self.stratum.derives
        own = [one for one in _patterns(rule) if one.type_name == type_name]
        action = only_derivation(rule)
        assert action is not None
        given = dict(action.values)
        names = self.module.layouts[type_name].given
        if len(own) != 1 or len(names) < 2 or set(given) != set(names):
            return None
        template = self.module.layouts[type_name].template
        if any(template[one].optional or template[one].default is not None for one in names):
            return None
        bound = {one.field: one.variable for one in own[0].bindings}
        changed = [one for one in names if not _is_carried(given[one], own[0].variable, one, bound)]
        if len(changed) != 1 or not isinstance(given[changed[0]], (Variable, FieldOf)):
            # A value that is computed could go on for ever within one path.
            return None
        field = template[changed[0]]
        if not field.low is field.high is field.matching is None:
            return None
        if given[changed[0]].type != field.type:
            return None
        computed = {one.variable for one in rule.conditions if isinstance(one, Bind)}
        return None if computed & set(free(given[changed[0]])) else (changed[0], own[0])

    def _known_lines(self) -> list[str]:
        lines: list[str] = []
        for type_name in self.stratum.derives:
            known = self.known(type_name)
            lines += [
                f"{known} = {{}}",
                f"for r in {self.module.table(type_name)}.values():",
                "    if r[0] not in told:",
                "        continue",
                f"    r = r[{HEAD}:]",
                "    if UNKNOWN in r:",
                "        return None",
                f"    {known}[r] = None",
            ]
        return lines

    def _projection_lines(self) -> list[str]:
        lines: list[str] = []
        for (type_name, keys, values, needed), name in self.projections.items():
            lines.append(f"{name} = {{}}")
            if type_name not in self.stratum.derives:
                table = self.module.table(type_name)
                lines += _entering(f"{table}.values()", "", name, keys, values, needed)
        return lines

    def _growing(self, functions: list[str]) -> str:
        """Write a function for each derived type that is looked up; return their names."""
        names = ""
        for place, type_name in enumerate(self.stratum.derives):
            lines: list[str] = []
            for (owner, keys, values, needed), name in self.projections.items():
                if owner == type_name:
                    shifted = [tuple(one - HEAD for one in at) for at in (keys, values, needed)]
                    lines += _entering("rows", "    ", name, shifted[0], shifted[1], shifted[2])
            if lines:
                functions += [f"def grow{place}(rows):", *lines]
            names += f"grow{place}, " if lines else "None, "
        return names


def _entering(
    rows: str,
    indent: str,
    name: str,
    keys: tuple[int, ...],
    values: tuple[int, ...],
    needed: tuple[int, ...],
) -> list[str]:
    lines = [f"for r in {rows}:"]
    absent = " or ".join(f"r[{one}] is UNKNOWN" for one in needed)
    if absent:
        lines += [f"    if {absent}:", "        continue"]
    key, value = _spelled(keys), _spelled(values)
    lines += [
        f"    k = {key}",
        f"    if k in {name}:",
        f"        {name}[k].append({value})",
        "    else:",
        f"        {name}[k] = [{value}]",
    ]
    return [f"{indent}{line}" for line in lines]


def _spelled(places: tuple[int, ...]) -> str:
    if not places:
        return "None"
    parts = [f"r[{one}]" for one in places]
    return parts[0] if len(parts) == 1 else f"({', '.join(parts)})"


def _is_carried(value: Expression, variable: str, field: str, bound: dict[str, str]) -> bool:
    """Return whether a value is a field of the pattern that binds `variable`."""
    if isinstance(value, Variable):
        return bound.get(field) == value.name
    return isinstance(value, FieldOf) and (value.variable, value.field) == (variable, field)


def _patterns(rule: Rule) -> list[Pattern]:
    return [one for one in rule.conditions if isinstance(one, Pattern)]


class _PlainBody(Body):
    """One rule around one of its patterns, with its fields in locals of their own."""

    def __init__(self, plan: _Plan, rule: Rule, seed: Pattern, is_path: bool) -> None:
        action = only_derivation(rule)
        assert action is not None
        leaf = Leaf(_emit_path if is_path else _emit_fact, "return", ("seeds", "fresh"))
        super().__init__(plan.module, Scope(), False, leaf)
        self.plan = plan
        self.rule = rule
        self.action = action
        self.seed = seed
        self.is_path = is_path
        self.fields: dict[tuple[str, str], str] = {}
        self.expressions = Expressions(_PlainNames(self), plan.module.constants, self.writer)
        self.known_fields: set[tuple[str, str]] = set()
        self.used: list[str] = []
        self.looked_up: list[str] = []
        self.functions: list[str] = []

    def lines(self, name: str) -> list[str]:
        """Return the lines of the function that searches around the seeds."""
        self.write(name, (), self.rule.conditions, self.seed)
        return self.functions

    def _finish(self) -> None:
        ((name, _, writer),) = self._parts
        parameters = "parts, charge" if self.is_path else "seeds, fresh"
        aliases = [f"{one}_get = {one}.get" for one in dict.fromkeys(self.used)]
        lines = [*(f"    {one}" for one in aliases), *writer.lines]
        self.functions += [f"def {name}({parameters}):", *lines]

    def statics(self) -> str:
        """Return source for the projections that do not grow, which are looked up."""
        own = self.plan.stratum.derives
        owners = {name: key[0] for key, name in self.plan.projections.items()}
        return f"({''.join(f'{one}, ' for one in self.used if owners[one] not in own)})"

    def piece(self, name: str) -> str:
        """Return source for what the driver must know of the function."""
        literal = self.module.constants.literal
        derives = self.plan.stratum.derives
        grown = "".join(f"{derives.index(one)!r}, " for one in self.looked_up)
        return (
            f"({self.rule.index!r}, {literal(self.seed.type_name)}, "
            f"{self.seed.type_name in derives}, {derives.index(self.action.type_name)!r}, "
            f"{name}, {self.statics()}, ({grown}))"
        )

    # The loops.

    def _next(self, patterns: list[Pattern], items: list[Item], seed: Pattern | None) -> Pattern:
        if seed in patterns:
            assert seed is not None
            return seed
        for one in patterns:
            if self._keys(one, items)[0]:
                return one
        raise _NoJoin

    def _loop(self, pattern: Pattern, items: list[Item], seeded: bool) -> None:
        scope, layout = self.scope, self.module.layouts[pattern.type_name]
        is_own = pattern.type_name in self.plan.stratum.derives
        keys: dict[int, str] = {}
        if not seeded:
            keys, used = self._keys(pattern, items)
            for item in used:
                items.remove(item)
        # Fields are read from here on; rows are not.
        scope.rows[pattern.variable] = pattern.variable
        scope.types[pattern.variable] = pattern.type_name
        wanted = self._wanted(pattern, items)
        local = {name: self.writer.fresh("v") for name in wanted}
        self.fields |= {(pattern.variable, name): local[name] for name in wanted}
        if seeded:
            if self.is_path:
                self._open_path(pattern, local)
                return
            self._for([local.get(one, "_") for one in layout.given], is_own, local.get("", "_"))
            return
        needed = {layout.places[one.field] for one in pattern.bindings} | set(keys)
        self.known_fields |= {(pattern.variable, one.field) for one in pattern.bindings}
        places = tuple(sorted(keys))
        read = {name: 0 if name == "" else layout.places[name] for name in wanted}
        name = self.plan.projection(
            pattern.type_name, places, tuple(read.values()), tuple(sorted(needed))
        )
        parts = [keys[place] for place in places]
        key = parts[0] if len(parts) == 1 else f"({', '.join(parts)})"
        if not wanted:
            self.writer.line(f"if {key} not in {name}:")
            self.writer.line("    continue")
            return
        self.used.append(name)
        if is_own:
            self.looked_up.append(pattern.type_name)
        target = ", ".join(local.values())
        self.writer.line(f"for {target} in {name}_get({key}, ()):")
        self.writer.depth += 1
        self.loops += 1

    def _for(self, locals_: list[str], is_own: bool, number: str) -> None:
        target = ", ".join(locals_ if is_own else [number, "_", *locals_])
        self.writer.line(f"for {target}{',' if len(locals_) == 1 and is_own else ''} in seeds:")
        self.writer.depth += 1
        self.loops += 1

    def _open_path(self, pattern: Pattern, local: dict[str, str]) -> None:
        """Begin the loops over the carried values, and over what is known of each."""
        found = self.plan.carried(self.rule)
        assert found is not None
        changed = found[0]
        carried = [
            local.get(one, "_")
            for one in self.module.layouts[pattern.type_name].given
            if one != changed
        ]
        writer = self.writer
        writer.line(
            f"for {carried[0] if len(carried) == 1 else ', '.join(carried)}, known in parts:"
        )
        if len(carried) > 1:
            writer.lines[-1] = f"    for ({', '.join(carried)}), known in parts:"
        writer.depth += 1
        writer.line("work = [*known]")
        writer.line("fresh = work.append")
        writer.line(f"for {local.get(changed, '_')} in work:")
        writer.depth += 1
        self.loops += 2

    def _wanted(self, pattern: Pattern, items: Iterable[Item]) -> list[str]:
        """Return the fields of a pattern that are read from its loop on; "" is its number."""
        binders = {one.variable: one.field for one in pattern.bindings}
        rest: list[object] = [
            one.condition for one in items if not isinstance(one.condition, Binding)
        ]
        found: dict[str, None] = {}
        values = [value for _, value in self.action.values]
        if self.is_path:
            changed = self.plan.carried(self.rule)
            assert changed is not None
            values = [dict(self.action.values)[changed[0]]]
        for node in walk((tuple(rest), tuple(values))):
            match node:
                case FieldOf() if node.variable == pattern.variable:
                    found[node.field] = None
                case FactVariable() if node.name == pattern.variable:
                    found[""] = None
                case Variable() if node.name in binders:
                    found[binders[node.name]] = None
        layout = self.module.layouts[pattern.type_name]
        if pattern is self.seed:
            # What is bound must be known.
            found |= dict.fromkeys(binders.values())
        order = ["", *layout.given]
        return sorted(found, key=order.index)

    def _condition(self, item: Item) -> None:
        one = item.condition
        if isinstance(one, Binding):
            assert item.owner is not None
            at = (item.owner.variable, one.field)
            if at in self.fields:
                self.scope.values[one.variable] = self.fields[at]
            else:
                # Nobody reads it.
                self.scope.values[one.variable] = "None"
            if at in self.known_fields or self._is_always_known(item.owner, one.field):
                return
            self._give_up(f"{self.fields[at]} is UNKNOWN")
            return
        super()._condition(item)

    def _is_always_known(self, pattern: Pattern, field: str) -> bool:
        one = self.module.layouts[pattern.type_name].template[field]
        is_own = pattern.type_name in self.plan.stratum.derives
        return is_own and not one.optional and one.default is None


def _emit_fact(body: Body) -> None:
    assert isinstance(body, _PlainBody)
    writer = body.writer
    source, doubtful = derived_values(body, body.action)
    if doubtful:
        writer.line(f"if not ({' or '.join(doubtful)}):")
        writer.depth += 1
    known = body.plan.known(body.action.type_name)
    writer.line(f"w = {source}")
    writer.line(f"if w not in {known}:")
    writer.line(f"    {known}[w] = None")
    writer.line("    fresh(w)")
    writer.depth -= bool(doubtful)


def _emit_path(body: Body) -> None:
    assert isinstance(body, _PlainBody)
    found = body.plan.carried(body.rule)
    assert found is not None
    writer = body.writer
    value = body.expressions.value(dict(body.action.values)[found[0]])
    writer.line(f"if {value} not in known:")
    writer.line(f"    known[{value}] = None")
    writer.line(f"    fresh({value})")
    writer.depth = 2
    writer.line("charge(len(work))")
