"""How what must be recorded is kept: locals, lists, arrays."""
