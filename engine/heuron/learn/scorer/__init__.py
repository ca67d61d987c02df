"""A trained model as plain numbers, one file a family of estimators."""
