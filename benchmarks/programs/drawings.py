"""Drawings for the Waltz benchmark: a row of cubes, each partly hidden by the one before it."""

from __future__ import annotations

Point = tuple[int, int]
Line = tuple[int, Point, Point]


def cubes(count: int) -> list[Line]:
    """Return the lines `(block, point, point)` of `count` cubes in isometric view.

    Every cube but the first is half hidden, so that its lines end in tee junctions on the edges
    of the cube before it. Coordinates are whole numbers; 14 to 15 lines a cube.
    """
    lines: list[Line] = []
    for block in range(count):
        x, y = 100 + 20 * block, 100
        top, right_up, right_down = (x, y + 16), (x + 16, y + 8), (x + 16, y - 8)
        bottom, left_down, left_up = (x, y - 16), (x - 16, y - 8), (x - 16, y + 8)
        centre = (x, y)
        last = block == count - 1
        # Where the next cube's lines meet this cube's outline.
        tee_top, tee_side, tee_bottom = (x + 10, y + 11), (x + 16, y + 2), (x + 10, y - 11)
        # This cube's outline, cut at those points unless it is the last.
        outline = [(top, right_up), (right_up, right_down), (right_down, bottom)]
        if not last:
            outline = [
                (top, tee_top), (tee_top, right_up),
                (right_up, tee_side), (tee_side, right_down),
                (right_down, tee_bottom), (tee_bottom, bottom),
            ]  # fmt: skip
        own = [*outline, (centre, right_up), (centre, bottom)]
        if block == 0:
            own += [(top, left_up), (left_up, left_down), (left_down, bottom), (centre, left_up)]
        else:
            # The tee points of the cube before, in this cube's terms.
            own += [
                (top, (x - 10, y + 11)),
                (centre, (x - 4, y + 2)),
                (bottom, (x - 10, y - 11)),
            ]
        lines += [(block, first, second) for first, second in own]
    return lines
