"""From what a user gives with a query to checked facts, or diagnostics that name every mistake.

Owns the three forms of evidence: `field=value` words, JSON objects, and facts written as in a
rule file (`Loan(amount=15_000)`). Values become typed through `heuron.coercion`; this module
decides which field of which fact they are for. It needs no grammar, so that asking stays quick.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final, NamedTuple

from heuron.coercion import coerce, from_text
from heuron.diagnostics import Diagnostic, RuleError, Severity, nearest
from heuron.knowledge.written import Word, Written, read_written
from heuron.values import UNKNOWN, Field, Template, Value

__all__ = ["Evidence", "from_words", "read_evidence", "read_value"]


class Evidence(NamedTuple):
    """What is given with a query, checked: the record that is asked about, and other facts.

    `record` maps fields of the goal's type to values; a missing field is unknown, a default is
    filled in. `facts` pairs type names with fields; where a field refers to another fact its
    value is that fact's place in the list `[record, *facts]` (so the record is 0). `named` are the
    fields of the record that were given, while others have their defaults; None: all were.
    """

    record: dict[str, Value]
    facts: tuple[tuple[str, dict[str, Value]], ...] = ()
    named: tuple[str, ...] | None = None


def from_words(words: Iterable[str], facts: Iterable[str] = ()) -> dict[str, object]:
    """Return `field=value` words and written facts as raw evidence for `read_evidence`.

    Args:
        words: For example `worst_radius=20.1`.
        facts: For example `Loan(amount=15_000)`.

    Raises:
        RuleError: A word is no `field=value`, a field is given twice, or a fact cannot be read.
    """
    raw: dict[str, object] = {}
    mistakes = []
    for word in words:
        name, equals, value = word.partition("=")
        name = name.strip()
        if not equals or not name:
            mistakes.append(
                _mistake("bad-evidence", f'"{word}" is no evidence.', "Write it as field=value.")
            )
        elif name in raw:
            mistakes.append(_mistake("bad-evidence", f"`{name}` is given twice."))
        else:
            raw[name] = Word(value)
    written: list[Written] = []
    for text in facts:
        try:
            written.append(read_written(text))
        except ValueError as error:
            hint = "Write it as in a rule file: Type(field=value, other=value)."
            mistakes.append(
                _mistake("bad-evidence", f'"{text}" cannot be read as a fact: {error}.', hint)
            )
    if mistakes:
        raise RuleError(mistakes)
    if written:
        raw[WRITTEN] = written
    return raw


WRITTEN: Final = "\0facts"
"""Where `from_words` puts written facts: no field and no type can have this name."""


def read_evidence(
    raw: Mapping[str, object], templates: Mapping[str, Template], goal_type: str | None
) -> Evidence:
    """Return raw evidence as checked facts.

    Args:
        raw: `{field: value}` for the record that is asked about, `{"Type": {field: value}}` or
            `{"Type": [{…}, {…}]}` for facts of other types, in any mixture.
        templates: The types of the knowledge base.
        goal_type: The type that the question is about, or None where there is no goal.

    Raises:
        RuleError: With one diagnostic for every mistake.
    """
    if not isinstance(raw, Mapping):
        message = f"Evidence is a dictionary of fields, not of type `{type(raw).__name__}`."
        hint = 'Give {"field": value, …}; many records go to `ask_many`, one after the other.'
        raise RuleError(_mistake("bad-evidence", message, hint))
    return _Checker(templates, goal_type).read(raw)


def read_value(field: Field, raw: object) -> Value:
    """Return what a user gave for one field as a value of its type.

    Raises:
        RuleError: The field does not accept it; with a hint where the reason can be guessed.
    """
    try:
        return from_text(field, raw) if isinstance(raw, Word) else coerce(field, raw)
    except ValueError as error:
        code = "wrong-value"
        hint = _guess(field, raw) if isinstance(raw, str) else None
        if field.type.kind == "enumeration" and isinstance(raw, str):
            code = "unknown-level"
            near = nearest(raw, field.type.levels)
            hint = hint or (f"Did you mean {near}?" if near is not None else None)
        raise RuleError(_mistake(code, f"{error}.", hint)) from None


def _guess(field: Field, raw: str) -> str | None:
    """Return what a text that a field does not accept was probably meant to say."""
    text = raw.strip()
    if text.startswith("="):
        return f"A value is given with one `=`: {field.name}={text.lstrip('= ')}"
    if field.type.kind not in ("number", "integer"):
        return None
    whole, comma, rest = text.partition(",")
    if comma and whole.lstrip("+-").isdecimal() and rest.isdecimal():
        # 20,000 is twenty thousand to some and twenty to others.
        if len(rest) == 3:
            return f"Write {whole}_{rest} or {whole}.{rest}: a comma can mean either."
        return f"A number has a point: {whole}.{rest}"
    number = text.rstrip("%°µ²³/abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ ")
    if number != text and number.replace(".", "", 1).lstrip("+-").isdecimal():
        unit = f", in {field.unit}" if field.unit else ""
        return f"Give the number alone{unit}: {field.name}={number}"
    return None


def _mistake(code: str, message: str, hint: str | None = None) -> Diagnostic:
    return Diagnostic(Severity.ERROR, code, message, hint=hint)


class _Checker:
    """Collects the facts and the mistakes of one piece of evidence."""

    def __init__(self, templates: Mapping[str, Template], goal_type: str | None) -> None:
        self.templates = templates
        self.goal_type = goal_type
        self.mistakes: list[Diagnostic] = []
        self.facts: list[tuple[str, dict[str, Value]]] = []
        self.named: dict[str, tuple[int, str]] = {}

    def read(self, raw: Mapping[str, object]) -> Evidence:
        goal = self.templates.get(self.goal_type or "")
        flat: dict[str, object] = {}
        records: list[Mapping[str, object]] = []
        others: list[tuple[Template, Mapping[str, object], str]] = []
        written: list[Written] = []
        for key, value in raw.items():
            if key == WRITTEN:
                written = value  # type: ignore[assignment]
            elif goal is not None and key in goal:
                flat[key] = value
            elif key in self.templates:
                template = self.templates[key]
                listed = self._records(key, value)
                for place, one in enumerate(listed, 1):
                    if key != self.goal_type:
                        which = f"{key} {place}: " if len(listed) > 1 else ""
                        others.append((template, one, which))
                    else:
                        records.append(one)
            else:
                self._unknown_key(str(key), goal)
        record = {} if goal is None else self._the_one(records, flat)
        known = {} if goal is None else self._values(goal, record)
        for template, fields, which in others:
            before = len(self.mistakes)
            self._add(template, self._values(template, fields))
            for at in range(before, len(self.mistakes)):
                mistake = self.mistakes[at]
                self.mistakes[at] = replace(mistake, message=f"{which}{mistake.message}")
        self._written(written)
        if self.mistakes:
            raise RuleError(self.mistakes)
        return Evidence(known, tuple(self.facts), tuple(record))

    def _the_one(
        self, records: list[Mapping[str, object]], flat: Mapping[str, object]
    ) -> Mapping[str, object]:
        """Return the record that is asked about: given whole, or field by field."""
        if flat:
            records = [flat, *filter(None, records)]
        if len(records) > 1:
            self._wrong(
                "bad-evidence",
                f"Several records of type `{self.goal_type}`: a question is about one.",
                "Give one a line with --file, or ask one at a time.",
            )
        return records[0] if records else {}

    def _wrong(self, code: str, message: str, hint: str | None = None) -> None:
        self.mistakes.append(_mistake(code, message, hint))

    def _records(self, key: str, value: object) -> list[Mapping[str, object]]:
        many = value if isinstance(value, (list, tuple)) else [value]
        if all(isinstance(one, Mapping) for one in many):
            return list(many)
        self._wrong(
            "bad-evidence",
            f"`{key}` is a type: its value must be an object of fields, or a list of them.",
        )
        return []

    def _unknown_key(self, name: str, goal: Template | None) -> None:
        fields = goal.names if goal is not None else ()
        near = nearest(name, [*fields, *self.templates])
        of = f"`{goal.name}` has no field `{name}`" if goal else f"There is no type `{name}`"
        if near is not None:
            hint = f"Did you mean `{near}`?"
        elif goal is not None:
            hint = f"Its fields are: {', '.join(fields)}."
        else:
            hint = f"The types are: {', '.join(self.templates)}."
        self._wrong("unknown-field" if goal else "unknown-type", f"{of}.", hint)

    def _values(self, template: Template, fields: Mapping[str, object]) -> dict[str, Value]:
        """Return the checked values of one fact, defaults filled in."""
        known: dict[str, Value] = {}
        for name, raw in fields.items():
            field = template.get(name)
            if field is None:
                self._unknown_key(str(name), template)
            else:
                known[name] = self._value(template, field, raw)
        for field in template.fields:
            if field.name not in known and field.default is not None:
                known[field.name] = field.default
        return known

    def _value(self, template: Template, field: Field, raw: object) -> Value:
        if field.type.kind == "reference" and raw is not None:
            return self._reference(template, field, raw)
        try:
            return read_value(field, raw)
        except RuleError as error:
            self.mistakes += error.diagnostics
            return UNKNOWN

    def _reference(self, template: Template, field: Field, raw: object) -> Value:
        """Return the place of the fact that a reference means: a name, or fields of a new one."""
        target = field.type.target or ""
        if isinstance(raw, Mapping):
            other = self.templates[target]
            return self._add(other, self._values(other, raw))
        place = self.named.get(raw) if isinstance(raw, str) else None
        if place is not None and place[1] == target:
            return place[0]
        if isinstance(raw, str) and raw.strip() in ("", "unknown"):
            return UNKNOWN
        hint = f"Leave it out to mean the {target} that is asked about."
        if target != self.goal_type:
            hint = f"Name the other fact: --fact 'x: {target}(…)', and write {field.name}=x."
        self._wrong(
            "wrong-value", f"`{template.name}.{field.name}` needs a fact of type {target}.", hint
        )
        return UNKNOWN

    def _add(self, template: Template, known: dict[str, Value]) -> int:
        for field in template.fields:
            if field.name not in known and field.type.target == self.goal_type is not None:
                known[field.name] = 0
        self.facts.append((template.name, known))
        return len(self.facts)

    def _written(self, written: list[Written]) -> None:
        for one in written:
            template = self.templates.get(one.type_name)
            if template is None:
                self._unknown_type(one.type_name)
                continue
            fields: dict[str, object] = {}
            positions = iter(template.names)
            for name, raw in one.values:
                field_name = name if name is not None else next(positions, None)
                if field_name is None:
                    self._wrong(
                        "wrong-arguments",
                        f"`{template.name}` has {len(template.fields)} fields, and more are given.",
                    )
                    break
                if field_name in fields:
                    self._wrong("bad-evidence", f"`{field_name}` is given twice.")
                fields[field_name] = raw
            place = self._add(template, self._values(template, fields))
            if one.name is not None:
                self.named[one.name] = (place, template.name)

    def _unknown_type(self, name: str) -> None:
        near = nearest(name, self.templates)
        hint = f"Did you mean `{near}`?" if near else f"The types are: {', '.join(self.templates)}."
        self._wrong("unknown-type", f"There is no type `{name}`.", hint)
