"""From examples to rules that a person can read and edit.

`induce` finds them, `write` makes a rule file of them, `draft` a template from a table that has
none. Rules are found on training rows alone, and claim what they were right on out of fold.
"""

from heuron.learn.induce.find import InducedRule, induce

__all__ = ["InducedRule", "induce"]
