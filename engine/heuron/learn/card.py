"""What is recorded of a model's making: the card, and the files beside it.

Owns the content of `card.json` (deterministic: no dates, no seconds), `run.json` and `oof.json`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from heuron.answer import plain
from heuron.diagnostics import RuleError, Severity
from heuron.learn.contract import Contract
from heuron.learn.data import Table
from heuron.learn.declared import declaration
from heuron.learn.fit import Fitted
from heuron.learn.folds import Answers
from heuron.learn.golden import golden_lines, make_rows, replay
from heuron.learn.members import Member
from heuron.learn.scorer.pack import pack
from heuron.learn.scorer.scorer import Scorer
from heuron.learn.spec import Missing, Spec
from heuron.learn.store import card_bytes
from heuron.learn.trust import sum_of
from heuron.learn.unseen import as_unseen

__all__ = ["card_of", "files_of", "run_of"]

FORMAT = "heuron-card/1"


def card_of(
    contract: Contract,
    spec: Spec,
    table: Table,
    calibration: str,
    calibrated: bool,
    form: Mapping[str, Any],
    score: Mapping[str, Any],
    grid: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """Return the card without the sums of files, which `files_of` adds."""
    import sklearn

    from heuron import __version__

    decide = form["decide"] or {}
    rules = contract.digest if _reads_rules(contract, spec) else None
    return {
        "format": FORMAT,
        "domain": contract.domain,
        "name": spec.name,
        "title": spec.title,
        "goal": contract.goal,
        "contract": {
            name: declaration(contract.template[name])
            for name in (*(one.field for one in spec.features), contract.goal)
        },
        "estimator": spec.estimator,
        "hyperparameters": _plain(spec.hyperparameters),
        **({"members": list(map(_member, spec.members))} if spec.members else {}),
        "searched": len(grid),
        "seed": spec.seed,
        "features": [
            one.field
            if one.days_before is None
            else {"field": one.field, "days_before": one.days_before.isoformat()}
            for one in spec.features
        ],
        "missing": {name: _policy(one) for name, one in spec.missing.items()},
        "positive": spec.positive,
        "calibration": calibration,
        "calibrated": calibrated,
        **({"served_from": "joblib"} if form["model"]["kind"] == "joblib" else {}),
        "threshold": (decide.get("threshold") or [None, None])[1],
        "score": dict(score),
        "data": {
            "source": table.source,
            "digest": table.digest,
            "training_rows": len(table) - sum(table.held_out),
            "held_out_rows": sum(table.held_out),
            "split": table.facts.split,
            "seed": table.facts.seed,
        },
        "rules": rules,
        "made_with": {"heuron": __version__, "scikit-learn": sklearn.__version__},
    }


def files_of(
    contract: Contract,
    spec: Spec,
    table: Table,
    card: dict[str, Any],
    form: dict[str, Any],
    scorer: Scorer,
    fitted: Fitted,
    seen: Iterable[str] = (),
) -> dict[str, bytes]:
    """Return the files that travel, golden rows replayed; their sums go into the card.

    `seen` are keys of rows that the model has learned from besides the table's training rows.

    Raises:
        RuleError: When the compiled model does not repeat scikit-learn's answers.
    """
    text, blocks = pack(form)
    rows = make_rows(scorer, contract.template)
    lines = golden_lines(scorer, fitted, rows, len(contract.classes))
    wrong = replay(scorer, lines)
    if wrong is not None:
        message = f"The compiled {spec.name} differs from scikit-learn's: {wrong}."
        raise RuleError(
            spec.document.diagnostic(Severity.ERROR, "golden-mismatch", message, ("estimator",))
        )
    learned = {*seen, *(table.keys[at] for at in table.places("training"))}
    keys = b"".join(sorted(map(bytes.fromhex, learned)))
    files = {"scorer.json": text, "golden.jsonl": lines, "keys.bin": keys}
    if blocks:
        files["scorer.bin"] = blocks
    card["files"] = {name: sum_of(content) for name, content in sorted(files.items())}
    # The card first, so that a folder is known by it.
    return {"card.json": card_bytes(card), **files}


def run_of(
    contract: Contract,
    table: Table,
    places: Sequence[int],
    answers: Answers,
    calibrated: bool,
    joblib: bytes | None,
    seconds: float,
    cpu_seconds: float,
) -> dict[str, bytes]:
    """Return the files that stay here: when it was made, out-of-fold answers, the joblib file."""
    unseen = as_unseen(contract, [table.keys[at] for at in places], answers, calibrated)
    kept = ("value", "confidence")
    out_of_fold = {key: {name: one[name] for name in kept} for key, one in unseen.items()}
    run: dict[str, Any] = {
        "date": date.today().isoformat(),
        "seconds": round(seconds, 3),
        "cpu_seconds": round(cpu_seconds, 3),
        "rows": len(places),
    }
    files = {"oof.json": json.dumps(out_of_fold, ensure_ascii=False).encode()}
    if joblib is not None:
        run["joblib"] = sum_of(joblib)
        files["estimator.joblib"] = joblib
    files["run.json"] = card_bytes(run)
    return files


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: list(value) if isinstance(value, tuple) else _keys(value)
        for name, value in sorted(values.items())
    }


def _member(member: Member) -> dict[str, Any]:
    return {
        "name": member.name,
        "estimator": member.estimator,
        "weight": member.weight,
        "hyperparameters": _plain(member.hyperparameters),
    }


def _keys(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): one for key, one in value.items()}
    return value


def _policy(missing: Missing) -> object:
    return {"value": plain(missing.value)} if missing.policy == "value" else missing.policy


def _reads_rules(contract: Contract, spec: Spec) -> bool:
    return any(one.field in contract.concluded for one in spec.features)
