"""Function to function, after the transformation: what makes the text read as if by hand."""
