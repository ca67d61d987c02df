"""From the resolved tree to programs: normal form, strata, generated source. Runs nothing."""
