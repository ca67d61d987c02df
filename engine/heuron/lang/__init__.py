"""Reading and writing `.rules` text: grammar, syntax tree, parser, printer."""
