"""Examples of every command, for its help and the reference."""

from __future__ import annotations

from typing import Final

__all__ = ["EXAMPLES", "example_text"]

EXAMPLES: Final[dict[str, tuple[str, ...]]] = {
    "ask": (
        "heuron ask cancer",
        "heuron ask cancer worst_radius=20.1 worst_concave_points=0.19 --why",
        "heuron ask cancer worst_radius=16 worst_concave_points=0.13 --via all",
        "heuron ask cancer --file cases.csv --out answers.csv",
        "heuron ask loan age=40 income=20_000 --fact 'Loan(amount=15_000)'",
        "heuron ask loan age=30 income=28_000 --what-if history=good",
    ),
    "domains": ("heuron domains",),
    "describe": ("heuron describe cancer", "heuron describe rules/fruit.rules --json"),
    "check": ("heuron check", "heuron check rules/fruit.rules"),
    "fmt": ("heuron fmt rules/fruit.rules", "heuron fmt --check rules/*.rules"),
    "test": ("heuron test", "heuron test loan --coverage"),
    "run": ("heuron run family", 'heuron run family \'Parent("ann", "eve")\' --trace'),
    "plan": ("heuron plan loan", "heuron plan rules/fruit.rules --source"),
    "new": (
        "heuron new cases.csv --target diagnosis",
        "heuron new cases.csv clinic --target diagnosis",
    ),
    "induce": (
        "heuron induce cancer --out rules/found.rules",
        "heuron induce cases.csv --target diagnosis --rules 5 --out -",
    ),
    "train": ("heuron train cancer", "heuron train cancer logistic --search 20"),
    "tune": (
        "heuron tune cancer network --data new.csv",
        "heuron tune cancer logistic --data new.csv --from-spec",
    ),
    "optimise": (
        "heuron optimise cancer forest",
        "heuron optimise cancer forest --keep packed --max-changed 2",
    ),
    "models list": ("heuron models list", "heuron models list cancer"),
    "models show": ("heuron models show cancer forest",),
    "models select": (
        "heuron models select cancer forest",
        "heuron models select cancer forest@f0ab4069",
    ),
    "models verify": ("heuron models verify cancer",),
    "models diff": ("heuron models diff cancer forest logistic",),
    "models export": (
        "heuron models export cancer forest --out forest.zip",
        "heuron models export cancer forest --format onnx",
    ),
    "models import": (
        "heuron models import cancer forest.zip",
        "heuron models import cancer forest.onnx --as graph",
    ),
    "models trust": ("heuron models trust cancer forest",),
    "models remove": ("heuron models remove cancer forest@f0ab4069",),
    "compare": (
        "heuron compare cancer",
        "heuron compare cancer --disagreements",
        "heuron compare cancer --data new.csv --cost wrong=1,refer=0.2",
    ),
    "ledger": ("heuron ledger", "heuron ledger --domain cancer --per-day 1000"),
}
"""Command lines by command, at least one of each."""


def example_text(command: str) -> str | None:
    """Return what `--help` says below the options, each line kept as it is."""
    lines = EXAMPLES.get(command)
    return None if lines is None else "\b\nExamples:\n" + "\n".join(f"  {one}" for one in lines)
