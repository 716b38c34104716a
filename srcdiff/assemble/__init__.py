"""Analyses and transformations put together: a function made ready, reversed, and finished."""
