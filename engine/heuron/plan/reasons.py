"""The reasons of a derived fact: the searches of deriving rules, turned round.

For the rule with the index i, `ri_0(out, fact)` calls `out` with (rows, values, certainty) for
each activation whose first `derive` derives a fact of these values; `ri_1` is about the second,
and so on. The known fields of the fact are bound before the search begins, so that indexes find
the premises.
They are a module of their own, compiled when somebody asks for a reason or a fact goes: their
indexes would cost every run.
"""

from __future__ import annotations

from heuron.check.tree import Compare, Constant, Derive, Expression, Rule, Variable
from heuron.plan.derivation import derived_values, tuple_of
from heuron.plan.general import held_local, variables
from heuron.plan.matcher import Body, Leaf
from heuron.plan.module import Module
from heuron.plan.normal import Program
from heuron.plan.scope import Scope
from heuron.values import FieldType

__all__ = ["plan_reasons"]


def plan_reasons(program: Program) -> str:
    """Return the source of a module with the reasons of all facts that rules derive."""
    module = Module(program)
    for stratum in program.strata:
        for rule in (*stratum.record, *stratum.fixpoint):
            derivations = [one for one in rule.actions if isinstance(one, Derive)]
            for place, action in enumerate(derivations):
                _reason(module, rule, action, f"r{rule.index}_{place}")
    return module.source()


def _reason(module: Module, rule: Rule, action: Derive, function: str) -> None:
    layout = module.layouts[action.type_name]
    scope = Scope()
    given = dict(action.values)
    wanted: list[Expression] = []
    for place, name in enumerate(layout.given):
        field = layout.template[name]
        # A field that may be unknown equals nothing by a test; the last look decides on it.
        if name in given and not field.optional and field.default is None:
            scope.values[f"${place}"] = f"fact[{place}]"
            wanted.append(_equal(given[name], f"${place}"))
    rows, values = variables(rule)

    def emit(body: Body) -> None:
        writer = body.writer
        source, doubtful = derived_values(body, action)
        checks = [*(f"{one} is not UNKNOWN" for one in _doubted(doubtful)), f"{source} == fact"]
        matched = tuple_of([body.scope.rows[one] for one in rows])
        held = tuple_of([held_local(body.scope, one) for one in values])
        writer.line(f"if {' and '.join(checks)}:")
        writer.line(f"    out(({matched}, {held}, 1.0))")

    leaf = Leaf(emit, "return", ("out", "fact"))
    body = Body(module, scope, False, leaf)
    body.write(function, ("out", "fact"), (*wanted, *rule.conditions))
    module.export(function)


def _equal(value: Expression, name: str) -> Expression:
    kind = FieldType("boolean")
    other = Variable(type=value.type, name=name)
    if isinstance(value, Constant):
        return Compare(type=kind, operator="==", left=other, right=value)
    return Compare(type=kind, operator="==", left=value, right=other)


def _doubted(doubtful: list[str]) -> list[str]:
    return [one.removesuffix(" is UNKNOWN") for one in doubtful]
