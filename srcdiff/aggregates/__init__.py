"""Objects taken apart: a function that makes and uses objects, as one that has their fields."""
