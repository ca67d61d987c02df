"""Checking a parsed file: names, types, safety, strata."""
