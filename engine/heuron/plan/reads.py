"""What conditions read, for the plans: the same as for the checks."""

from heuron.check.reads import bound, concluded_reads, free, patterns, variable_types
from heuron.check.walk import walk

__all__ = ["bound", "concluded_reads", "free", "patterns", "variable_types", "walk"]
