"""Methods and attributes of arrays and NumPy scalars, by the functions that they stand for.

An attribute is registered under "attribute:" and its name.
"""

from __future__ import annotations

import numpy as np

from srcdiff.ir.kinds import Array, Number, Scalar
from srcdiff.rules.registry import method

# Both have these; on a scalar they act as on a 0-d array.
for cls in (Array, Scalar):
    method(cls, "sum", np.sum)
    method(cls, "mean", np.mean)
    method(cls, "prod", np.prod)
    method(cls, "max", np.max)
    method(cls, "min", np.min)
    method(cls, "any", np.any)
    method(cls, "all", np.all)
    method(cls, "argmax", np.argmax)
    method(cls, "argmin", np.argmin)
    method(cls, "round", np.round)
    method(cls, "ravel", np.ravel)
    method(cls, "squeeze", np.squeeze)
    method(cls, "attribute:T", np.transpose)
    method(cls, "attribute:shape", np.shape)
    method(cls, "attribute:ndim", np.ndim)
    method(cls, "attribute:size", np.size)
    method(cls, "conj", np.conjugate)
    method(cls, "conjugate", np.conjugate)

for every in (Array, Scalar, Number):
    method(every, "attribute:real", np.real)
    method(every, "attribute:imag", np.imag)
method(Number, "conjugate", complex.conjugate)

method(Array, "argsort", np.argsort)
method(Array, "astype", np.ndarray.astype)
method(Array, "copy", np.ndarray.copy)
method(Array, "cumsum", np.cumsum)
method(Array, "diagonal", np.diagonal)
method(Array, "clip", np.clip)
method(Array, "dot", np.dot)
method(Array, "flatten", np.ndarray.flatten)
method(Array, "item", np.ndarray.item)
method(Array, "nonzero", np.nonzero)
method(Array, "repeat", np.repeat)
method(Array, "reshape", np.ndarray.reshape)
method(Array, "searchsorted", np.searchsorted)
method(Array, "std", np.std)
method(Array, "swapaxes", np.swapaxes)
method(Array, "take", np.take)
method(Array, "trace", np.trace)
method(Array, "transpose", np.ndarray.transpose)
method(Array, "var", np.var)

method(Scalar, "astype", np.generic.astype)
method(Scalar, "copy", np.generic.copy)
method(Scalar, "item", np.generic.item)
method(Scalar, "reshape", np.generic.reshape)
method(Scalar, "transpose", np.generic.transpose)
