"""What a loop does not change is computed before it, once, and nothing else is."""

import ast

from heuron.plan.general import plan_general
from heuron.plan.lower import lower
from resolving import resolved

TYPES = """
type Left(a: integer, b: integer, name: text)
type Right(c: integer, d: integer, name: text)
type Found(n: integer)
"""


def search_of(conditions):
    """Return the lines of the search around a `Left`, up to its loop and within it."""
    text = f"{TYPES}rule r:\n    when:\n{conditions}    then assert Found(1)\n"
    module = ast.parse(plan_general(lower(resolved(text))).source)
    (make,) = (one for one in module.body if isinstance(one, ast.FunctionDef))
    (search,) = (one for one in make.body if getattr(one, "name", "") == "l0_s0")
    (loop,) = (one for one in search.body if isinstance(one, ast.For))
    before = [ast.unparse(one) for one in search.body if one is not loop]
    return before, ast.unparse(loop)


def kept(lines):
    """Return what is computed before the loop."""
    return [line.partition(" = ")[2] for line in lines if line[0] == "h" and line[1].isdigit()]


def test_what_reads_the_outer_fact_alone_is_computed_before_the_loop():
    before, loop = search_of("""        Left(a: x, b: y)
        Right(c: z, c % 10 + x // 1000 > 3, d > x // 1000 - y // 1000)
""")

    assert kept(before) == ["v0 // 1000", "h0 - v1 // 1000"]
    assert "//" not in loop


def test_built_in_functions_are_computed_before_the_loop_too():
    before, loop = search_of("""        Left(name: x)
        Right(name != upper(x), lower(name) != x)
""")

    assert kept(before) == ["call_upper(v0)"]
    assert "call_lower" in loop


def test_what_has_loops_of_its_own_stays_where_it_is():
    before, loop = search_of("""        Left(a: x)
        Right(c: z, d > x)
        not Left(a == z + 1, b > x + 1)
""")

    assert kept(before) == []
    assert "b0(" in loop


def test_a_part_that_is_all_of_a_key_is_computed_once():
    before, loop = search_of("""        Left(a: x)
        Right(c == x + 1, d > x + 1)
""")

    assert len(kept(before)) == 1
    assert "+ 1" not in loop
