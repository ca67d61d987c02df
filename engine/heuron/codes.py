"""Every diagnostic code: what it means and how to mend it.

`docs/reference/diagnostics.md` is made from this table, and a test fails when a code is used
that is not here.
"""

from __future__ import annotations

from typing import Final, NamedTuple

__all__ = ["CODES", "UNUSABLE", "Code"]


class Code(NamedTuple):
    """A diagnostic code's page: a title, an explanation, and a smallest example (may be empty)."""

    title: str
    explanation: str
    example: str = ""


UNUSABLE: Final = ("needs-package", "not-trusted")
"""What a store says of models that are whole, and cannot be used here."""

CODES: Final[dict[str, Code]] = {
    # Reading files
    "not-found": Code(
        "A file or a name does not exist",
        "Heuron looked where the message says. Check the spelling, or give a path.",
    ),
    "bad-baseline": Code(
        "An earlier comparison cannot be used",
        "`--baseline` takes the JSON of an earlier comparison of the same domain and goal.",
    ),
    "changed-comparison": Code(
        "A stopped comparison cannot go on, since something changed",
        "`--resume` adds new rows to the counts of earlier ones, which only makes sense for the same "
        "file, rules, models, `data.toml` and options. The message says which of them changed. "
        "Start the comparison again without `--resume`.",
    ),
    "no-cluster": Code(
        "A cluster cannot be reached",
        "`--cluster dask://HOST:PORT` is the address of a running Dask scheduler, `ray://HOST:PORT` "
        "that of a Ray client server. `dask scheduler` and `dask worker` print the address.",
    ),
    "other-worker": Code(
        "A worker has other files than the one that asks it",
        "Workers of a cluster are given paths, and read rules, models and rows there themselves. They "
        "need the same files at the same paths (a shared folder), and the same Heuron.",
    ),
    "no-training-rows": Code(
        "There is nothing to measure certainties on",
        "They are measured on the training rows of the domain's own data, so that held-out rows "
        "only confirm, and for goals with levels: a quantity has no base rate.",
    ),
    "no-out-of-fold": Code(
        "What models said of training rows is not here",
        "Policies and slices are found on training rows with answers that models gave out of fold, "
        "so that held-out rows only confirm. Those answers stay where a model was trained: train "
        "it here. A file given as `--data` has no training rows at all: with `--folds 5` models are "
        "fitted again on its rows.",
    ),
    "no-specs": Code(
        "No model can be fitted again",
        "A comparison in folds, and what copies are worth, need models that are fitted again "
        "without some rows. That takes their specs, `models/<domain>/NAME.toml`, of models that "
        "were trained; a model that was brought as files alone has none.",
    ),
    "needs-package": Code(
        "Something needs a package that is not installed",
        "Heuron does without it elsewhere. The hint says how to install it.",
    ),
    "file": Code(
        "A file cannot be read or written",
        "The message gives the system's reason: permission, a full disk, a folder in place of a file.",
    ),
    "session-stopped": Code(
        "A session was stopped in the midst of a search",
        "A limit, or an interrupt, ended a run while a step was being searched, so what that search "
        "had still to find is lost. Its facts are as they were, and can be read; to run on, begin a "
        "new session with them.",
    ),
    "state-refused": Code(
        "A saved session cannot be taken up",
        "The file is no saved session, was damaged, or was saved with other rules: what has fired "
        "under other rules says nothing. Start a new session and assert its facts.",
    ),
    "not-text": Code(
        "A file is not UTF-8 text",
        "Rule files, specs and data are read as UTF-8. Save the file as UTF-8.",
    ),
    "syntax": Code(
        "The text cannot be read",
        "The text does not follow the grammar at this place. The hint says what could stand here.",
        "rule r: when then",
    ),
    "too-deep": Code(
        "Brackets or blocks nest too deeply",
        "Nesting ends at 100 levels, so that no file can exhaust the stack.",
    ),
    "not-yet": Code(
        "Part of the language, but not built yet",
        "The text is right, and this version of Heuron cannot run it. The message names what is missing.",
    ),
    "not-on-experta": Code(
        "The engine experta cannot do this",
        "The engine experta matches single facts, joins, `not`, `exists` and `forall` of one fact, and tests. It has no certainty, tables, aggregates, models or reasons. Without `--engine experta` the rules run on Heuron's own engine.",
    ),
    # Names
    "unknown-type": Code(
        "A type is not declared", "Declare it with `type`, or bring it with `use`."
    ),
    "unknown-fact": Code(
        "A fact is not held",
        "No fact of that number is held: it was never there, was retracted, or lost what it followed from.",
    ),
    "unknown-field": Code(
        "A type has no such field",
        "The hint names the nearest field, and `heuron describe` lists them all.",
        "type T:\n    age: integer\nrule r:\n    when t: T(agee > 3)\n    then conclude t.age = 4",
    ),
    "unknown-name": Code(
        "A name means nothing here",
        "It is no variable, no field of the pattern, no level of the compared enumeration, and no `let`.",
    ),
    "unknown-level": Code(
        "An enumeration has no such level", "The hint names the nearest level or lists them."
    ),
    "unknown-function": Code(
        "A function does not exist",
        "Functions are built in, written with `let f(x) = …`, or registered by the host program.",
    ),
    "unknown-model": Code(
        "A model does not exist in this domain",
        "Model names come from `models/<domain>/<name>.toml`.",
    ),
    "unknown-rule": Code(
        "A rule does not exist",
        "`because` in a test, and the tools, name a rule or a table row of this knowledge base.",
    ),
    "duplicate-name": Code(
        "A name is declared twice",
        "Types, rules, tables, lets, queries and the fields of one type need names of their own.",
    ),
    "lower-case-type": Code(
        "A type begins with a lower-case letter",
        "`Person(age > 3)` is a pattern and `person(age > 3)` the call of a function: a type's first letter tells them apart. This is a warning.",
    ),
    "ambiguous-name": Code(
        "A name could mean several things",
        'Rename the variable, or write the field as `p.field` and the level as "level".',
    ),
    "unbound-variable": Code(
        "A variable is bound nowhere",
        "Bind it in a positive pattern (`field: x`) or with `x = …`. A variable bound inside `not`, `exists`, `forall`, `either` or an aggregate is local to it.",
    ),
    "unused-variable": Code(
        "A variable is bound and never used", "Remove it, or use it. This is a warning."
    ),
    "missing-goal": Code(
        "The knowledge base has no goal", "`ask`, dispatch and comparison need `goal Type.field`."
    ),
    # Types
    "type-mismatch": Code(
        "Values of different types meet",
        "Heuron compares only values of one type, so that no comparison is silently false.",
    ),
    "out-of-range": Code(
        "A constant lies outside the field's range",
        "The field's declaration says what is accepted.",
    ),
    "bad-pattern": Code(
        "A regular expression cannot be used",
        "It does not compile, or could take exponential time.",
    ),
    "wrong-arguments": Code(
        "A call or a fact has the wrong arguments", "The message lists what is expected."
    ),
    "bad-format": Code(
        "A format in a text is not known",
        "Formats are `,` `.0`–`.9` `f` `%`, and for dates `%Y %m %d %H %M`.",
    ),
    "bad-constant": Code(
        "A constant is needed here",
        "Salience, certainty, bounds and defaults are constants: numbers, texts, or lets of them.",
    ),
    # Meaning
    "mixed-actions": Code(
        "A rule mixes definitions and steps",
        "A rule either concludes and derives, or asserts, modifies, retracts and halts. Split it in two.",
    ),
    "derived-type": Code(
        "A derived type is changed by a step",
        "Facts of a type that some rule derives come and go with their reasons.",
    ),
    "negation-cycle": Code(
        "A type depends on its own absence",
        "A rule derives what its own `not`, `forall` or aggregate reads. Break the cycle that the message shows.",
    ),
    "conclusion-cycle": Code(
        "A field depends on itself",
        "A concluded field is read, perhaps through others, by a rule that concludes it. Recursion is what `derive` is for.",
    ),
    "certainty-lost": Code(
        "Certainty would be lost",
        "Facts have no certainty. A rule that derives or takes a step from a concluded field must say how much certainty is enough: `certainty(t.shape) >= 0.8`.",
    ),
    "confidence-as-certainty": Code(
        "A model's confidence is used as a certainty",
        "Certainty says how strongly rules hold a conclusion; confidence is a calibrated probability. They are not the same scale.",
    ),
    "never-holds": Code(
        "A condition can never hold",
        "No value that the field's declaration accepts satisfies it, or none that satisfies the other conditions beside it. This is a warning.",
        "type Person:\n    age: integer in 0..120\n    old: boolean\nrule old:\n    when p: Person(age > 200)\n    then conclude p.old = true",
    ),
    "modify-loop": Code(
        "A rule modifies what makes it fire",
        "As in CLIPS, every modify makes a new version, and the rule fires again. Test the field that the rule changes.",
    ),
    "let-cycle": Code(
        "Lets call each other in a circle",
        "A `let` is expanded where it is used, so it cannot be recursive.",
    ),
    "use-cycle": Code("Files use each other in a circle", "Move what both need into a third file."),
    "outside-project": Code(
        "A path leaves the project's folder",
        "Paths in rule files are relative and stay inside the project.",
    ),
    "agree-with-caller": Code(
        "`agree` with a model that the rules call",
        "The rules' answer already depends on that model, so agreement would prove nothing.",
    ),
    "bad-table": Code(
        "A table's rows do not fit its header",
        "Each row has one cell for each column, an arrow, and one value.",
    ),
    # Evidence and answers
    "bad-evidence": Code(
        "Evidence cannot be read", "Evidence is `field=value`, JSON, or JSON lines."
    ),
    "wrong-value": Code(
        "A value is not accepted by its field", "The message says what the field accepts."
    ),
    "contradiction": Code(
        "Certain rules contradict each other",
        "One rule holds the value with certainty 1 and another with -1; the certainty is 0.",
    ),
    "several-hits": Code(
        "A table meant to hit once hits several times",
        "A `unique` table found two true rows, or an `any` table two different values. It concludes nothing.",
    ),
    "model-absent": Code(
        "A model has not been trained",
        "Its spec is there, but no artifact. Train it with `heuron train`.",
    ),
    "limit": Code(
        "A run met a limit",
        "The message names the limit and the rules that were going round. Limits are there so that every run ends.",
    ),
    "action-failed": Code(
        "An action could not be carried out",
        "The message names rule, bindings and line. Working memory is as it was before that firing.",
    ),
    "host-function": Code(
        "A function of the host program failed",
        "It is not registered, it raised an error, or it gave a value of another type than it was registered with.",
    ),
    "duplicate-fact": Code(
        "A modify made two referred-to facts equal",
        "Two facts cannot be equal, and a fact that is referred to cannot vanish.",
    ),
    "fact-in-use": Code(
        "A fact that is referred to is retracted", "Retract the facts that refer to it first."
    ),
    # Data, specs and models
    "unknown-key": Code(
        "A file has a key that means nothing",
        "data.toml and model specs have a closed list of keys. The hint names the nearest one.",
    ),
    "bad-setting": Code(
        "A setting in data.toml or in a spec cannot be used",
        "The message says what is accepted there.",
    ),
    "bad-estimator": Code(
        "An estimator is not on the list",
        "Specs run no code: they name estimators from a fixed list of scikit-learn's classes.",
        'estimator = "os.system"',
    ),
    "bad-hyperparameter": Code(
        "An estimator has no such hyperparameter, or refuses its value",
        "Hyperparameters are plain values of scikit-learn's own names.",
    ),
    "bad-data": Code(
        "A table of data cannot be read",
        "The message names the file, the row and what was expected: a header, one separator, rows of one length.",
    ),
    "unknown-column": Code(
        "The data lack a column",
        'A field finds its column by name, or by a line `field = "column"` under [columns] in data.toml.',
    ),
    "unmapped-level": Code(
        "The data have a value that is no level of the field",
        "Codes are not guessed: data.toml says under [levels.FIELD] what each level is called in the data.",
        "[levels.diagnosis]\nmalignant = 0\nbenign = 1",
    ),
    "too-few-rows": Code(
        "There are too few rows to learn from",
        "Training needs at least two classes with at least two usable rows each, or ten rows for a number.",
    ),
    "no-model-for-many": Code(
        "A goal with several values gets no model",
        "In this version only rules answer a goal declared `many`.",
    ),
    "training-failed": Code(
        "A model could not be trained",
        "The message is scikit-learn's own. Usually a hyperparameter does not suit the data.",
    ),
    "id-like": Code(
        "A column looks like an id or a row number",
        "Every row has another value, so that a model can only learn the rows by heart. Leave the field out of `features`.",
    ),
    "gives-away": Code(
        "One feature gives the target away",
        "It alone is almost always right while the others are far from it: often it was recorded after the answer was known.",
    ),
    "row-order": Code(
        "Rows next to each other are alike",
        "A person's visits, or measurements minutes apart, stand together in a table. A split by rows puts some on each side, and a model seems to know what it has only met before. Name the column that keeps them together under [split].",
        '[split]\ngroup = "patient_id"',
    ),
    "codes-as-numbers": Code(
        "Whole numbers look like codes",
        "A few whole numbers without order mislead a model that takes them as amounts. Declare an enumeration and map it under [levels.FIELD].",
    ),
    "constant": Code(
        "A field has one value in all rows",
        "It tells nothing, and models leave it out: what they would do with another value nobody could know.",
    ),
    "few-rows": Code(
        "A level has few rows",
        "Neither side can be judged on so few rows, and models learn little.",
    ),
    "copied-rows": Code(
        "Rows are copies of each other",
        "Copies on both sides of the split make every model look better than it is. Heuron keeps copies on one side and scores them once.",
    ),
    "equal-rows": Code(
        "Some rows are equal",
        "They are too few, or too much what chance would bring, to count as copies of each other, so each stays on its side of the split and is scored.",
    ),
    "contradictory-rows": Code(
        "Rows differ in the target alone",
        "Nobody can be right on both: no model reaches 100 % on such rows.",
    ),
    "incomplete-rows": Code(
        "Rows were left out",
        "Rows without a target, or with cells that the contract does not accept, are neither trained on nor scored.",
    ),
    "artifact-refused": Code(
        "A trained model's files cannot be used",
        "They were changed, are damaged, or were made for another contract. Train the model again.",
    ),
    "golden-mismatch": Code(
        "A compiled model does not repeat its golden rows",
        "The scorer's answers differ from those of the model that it was made from, so it is not used.",
    ),
    "not-trusted": Code(
        "A joblib file is not in the list of trusted sums",
        "A joblib file is code. `heuron models trust` adds its sum after showing what it names.",
    ),
    "no-scorer": Code(
        "An estimator cannot be compiled",
        "Its model is served from its joblib file, which is slower and needs scikit-learn and trust.",
    ),
    "rules-saw": Code(
        "The rules' author may have seen these rows",
        "Read the rules' score as an upper bound. `rules_saw` in data.toml says which rows the author saw.",
    ),
    "usage": Code(
        "The command was written wrongly",
        "An option, an argument or a command that does not exist or lacks its value. `--help` lists what there is.",
    ),
    "internal": Code(
        "Something went wrong inside Heuron",
        "This is a mistake in Heuron. Please report it with the command and the file that led to it.",
    ),
}
