"""Function to its two sweeps: seeds pulled down expressions, statements reversed, values saved."""
