"""What generated code may import: a few functions of NumPy arrays. Imports NumPy only."""

from srcdiff.runtime.broadcast import unbroadcast
from srcdiff.runtime.constants import stop_gradient
from srcdiff.runtime.copies import copied_together, strided_copy
from srcdiff.runtime.determinants import cofactors, cofactors_along
from srcdiff.runtime.extents import extent
from srcdiff.runtime.placing import diagonal_array, keep_last, scatter, scatter_along, undo_diff
from srcdiff.runtime.products import product_of_others, product_of_others_along
from srcdiff.runtime.records import remade

__all__ = [
    "cofactors",
    "cofactors_along",
    "copied_together",
    "diagonal_array",
    "extent",
    "keep_last",
    "product_of_others",
    "product_of_others_along",
    "remade",
    "scatter",
    "scatter_along",
    "stop_gradient",
    "strided_copy",
    "unbroadcast",
    "undo_diff",
]
