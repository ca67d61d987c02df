"""Resolving decision tables: every cell becomes a boolean expression about its column."""

from __future__ import annotations

from heuron.check import tree
from heuron.check.comparisons import numbered
from heuron.check.constants import put
from heuron.check.context import Context, Scope, broken, is_broken
from heuron.check.expressions import resolve
from heuron.check.tablefiles import read_file_table
from heuron.check.tree import BOOLEAN
from heuron.check.types import comparable, is_any, is_ordered
from heuron.check.words import count, type_in_words
from heuron.diagnostics import Span
from heuron.lang import ast
from heuron.values import Field, Template

__all__ = ["resolve_table"]

HITS = ("first", "unique", "any", "collect")


def resolve_table(node: ast.Table, index: int, context: Context) -> tree.Table | None:
    """Resolve a table; `index` is its place in rule order."""
    template = context.template(node.type_name, node.span)
    if template is None:
        return None
    field = context.field(template, node.field, node.span)
    if field is None:
        return None
    if node.hit not in HITS:
        context.error(
            "bad-table", f'"{node.hit}" is no hit policy.', node.span, f"Use {', '.join(HITS)}."
        )
        return None
    if node.hit == "collect" and (template.name, field.name) not in context.many:
        context.error(
            "bad-table",
            "`collect` gives several values, and this field has one.",
            node.span,
            f"Write `goal {node.type_name}.{node.field}, many`, or `first hit`.",
        )
    if node.source is None:
        return _resolved(node, node, template, field, index, context)
    read = read_file_table(node, template, context)
    if read is None:
        return None
    said = len(context.diagnostics)
    found = _resolved(node, read.table, template, field, index, context)
    context.diagnostics[said:] = [read.placed(one) for one in context.diagnostics[said:]]
    return found


def _resolved(
    node: ast.Table,
    written: ast.Table,
    template: Template,
    field: Field,
    index: int,
    context: Context,
) -> tree.Table:
    """Resolve the rows of a table, which are written there or in a file."""
    scope = Scope()
    variable = "_record"
    scope.facts[variable] = template.name
    scope.pattern = (variable, template.name)
    columns = tuple(_column(one, scope, context) for one in written.columns)
    rows = []
    for place, row in enumerate(written.rows, start=1):
        if len(row.cells) != len(columns):
            context.damaged.add(node.name)
            context.error(
                "bad-table",
                f"This row has {count(len(row.cells), 'cell')}, "
                f"and the header has {count(len(columns), 'column')}.",
                row.span,
            )
            continue
        tests = tuple(
            _cell(cell, column, scope, context)
            for cell, column in zip(row.cells, columns, strict=True)
        )
        scope.slot_start = None
        value = put(field, row.value, scope, context)
        rows.append(tree.Row(f"{node.name}[{place}]", tests, value, span=row.span))
    if not written.rows:
        context.error("bad-table", f'The table "{node.name}" has no rows.', node.span)
    return tree.Table(
        node.name,
        node.title,
        index,
        template.name,
        variable,
        field.name,
        node.hit,
        columns,
        tuple(rows),
        span=node.span,
    )


def _column(node: ast.Expression, scope: Scope, context: Context) -> tree.Expression:
    scope.slot_start = node if isinstance(node, ast.Name) else None
    if isinstance(node, ast.Name) and scope.pattern is not None:
        template = context.templates[scope.pattern[1]]
        if node.name not in template and context.let(node.name) is not None:
            scope.slot_start = None
    found = resolve(node, scope, context)
    if scope.each:
        scope.each.clear()
        context.error(
            "bad-table", "A column reads a field that can have several values.", node.span
        )
    return found


def _cell(
    cell: ast.Cell, column: tree.Expression, scope: Scope, context: Context
) -> tree.Expression | None:
    scope.slot_start = None
    match cell:
        case ast.AnyCell():
            return None
        case ast.CompareCell():
            return _compare(column, cell.operator, cell.value, cell.span, scope, context)
        case ast.ValuesCell():
            tests = [_value(column, one, scope, context) for one in cell.values]
            test = tests[0] if len(tests) == 1 else _any(tests, cell.span)
            return tree.Not(test, type=BOOLEAN, span=cell.span) if cell.negated else test


def _any(tests: list[tree.Expression], span: Span) -> tree.Expression:
    """Return the disjunction of tests; equalities with one item become one membership."""
    equalities = [one for one in tests if isinstance(one, tree.Compare) and one.operator == "=="]
    if len(equalities) == len(tests):
        options = tuple(one.right for one in equalities)
        return tree.Membership(equalities[0].left, options, type=BOOLEAN, span=span)
    return tree.Or(tuple(tests), type=BOOLEAN, span=span)


def _value(
    column: tree.Expression, node: ast.Expression, scope: Scope, context: Context
) -> tree.Expression:
    if isinstance(node, ast.Range):
        low = _compare(column, ">=", node.low, node.span, scope, context)
        high = _compare(column, "<=", node.high, node.span, scope, context)
        return tree.And((low, high), type=BOOLEAN, span=node.span)
    return _compare(column, "==", node, node.span, scope, context)


def _compare(
    column: tree.Expression,
    operator: str,
    node: ast.Expression,
    span: Span,
    scope: Scope,
    context: Context,
) -> tree.Expression:
    if is_broken(column):
        return broken(span)
    value = resolve(node, scope, context, column.type)
    if isinstance(node, ast.UnknownLiteral):
        context.error(
            "type-mismatch",
            "A cell compares its column with a value, and unknown is none.",
            span,
            "Write `-` for any value, or a column `x is unknown` with cells true and false.",
        )
        return broken(span)
    if is_any(column.type, value.type):
        return broken(span)
    ordered = operator in ("==", "!=") or is_ordered(column.type)
    if not comparable(column.type, value.type) or not ordered:
        context.error(
            "type-mismatch",
            f"The column is {type_in_words(column.type)}, and this cell "
            f"{'compares by order' if not ordered else f'is {type_in_words(value.type)}'}.",
            span,
        )
        return broken(span)
    value = numbered(value, column)
    return tree.Compare(operator, column, value, type=BOOLEAN, span=span)
