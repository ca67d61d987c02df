"""Why, and why not: proofs from justifications."""
