"""From the intermediate representation to the text of a Python module, and to a function."""
