"""The text made a function: CPython's own compiler."""
