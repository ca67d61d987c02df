"""A comparison as a Jupyter notebook: what was found, and the lines that find it again.

The form is nbformat 4.5, written as plain JSON: neither Jupyter nor its packages are needed to
write one.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from heuron.compare.comparison import Comparison
from heuron.compare.page import excerpt
from heuron.compare.report import headline
from heuron.compare.verdicts import in_short, verdicts

__all__ = ["notebook"]


def notebook(comparison: Comparison, source: str) -> str:
    """Return the notebook as JSON text.

    Args:
        comparison: What is shown; its outputs stand in the notebook before it is run.
        source: The name or path by which the knowledge base is opened.
    """
    told = [
        f"# {comparison.domain}: rules and models compared\n\n**{in_short(comparison)}**",
        headline(comparison),
        "\n".join(f"- {one}" for one in verdicts(comparison)),
    ]
    lines = [
        "from heuron.compare import compare_domain\n",
        "\n",
        f"comparison = compare_domain({json.dumps(source)})\n",
        "comparison",
    ]
    shown = {"text/html": [excerpt(comparison)], "text/plain": [in_short(comparison)]}
    result: dict[str, object] = {
        "output_type": "execute_result",
        "execution_count": 1,
        "metadata": {},
        "data": shown,
    }
    cells = [
        _markdown("told", "\n\n".join(told)),
        _code("compare", lines, [result], 1),
        _markdown("further", 'Every number as a table (`to_frame("polars")` for polars):'),
        _code("frame", ["comparison.to_frame().T"], [], None),
        _markdown("page", "The whole page, with its plots (needs the extra `html`):"),
        _code("html", PAGE, [], None),
    ]
    body = {
        "cells": cells,
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(body, indent=1, ensure_ascii=False) + "\n"


PAGE = [
    "from IPython.display import IFrame\n",
    "from heuron.compare.page import page\n",
    "\n",
    'with open("comparison.html", "w", encoding="utf-8") as stream:\n',
    "    stream.write(page(comparison))\n",
    'IFrame("comparison.html", width="100%", height=800)',
]


def _markdown(name: str, text: str) -> dict[str, object]:
    return {"cell_type": "markdown", "id": name, "metadata": {}, "source": [text]}


def _code(
    name: str, lines: Sequence[str], outputs: Sequence[object], count: int | None
) -> dict[str, object]:
    return {
        "cell_type": "code",
        "id": name,
        "metadata": {},
        "execution_count": count,
        "source": list(lines),
        "outputs": list(outputs),
    }
