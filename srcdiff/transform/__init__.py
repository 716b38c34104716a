"""Function → its derivative: seeds pushed down expressions, statements reversed, values recorded."""
