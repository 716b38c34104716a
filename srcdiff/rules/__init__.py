"""Derivative rules: one statement for each function, in files by topic. See `registry`."""
