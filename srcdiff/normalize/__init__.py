"""Function to function, before the facts: calls, jumps, loops, unpacking, in reversible form."""
