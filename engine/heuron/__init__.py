"""Heuron: rules and models behind one question."""
