"""The learned side: data, specs, training, compiled scorers, the store."""
