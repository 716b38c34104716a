"""Views: arrays that mostly share their memory with a name."""

from __future__ import annotations

from tests.fuzz.scope import SHAPES, Scope

# What views of which others give an array of this kind. {i} is a row of a matrix, {j} a column.
# Some are copies (`flatten`), and some are either, by the layout of memory (`ravel`, `reshape`).
VIEWS: dict[str, list[tuple[str, str]]] = {
    "vector": [
        ("matrix", "{x}[{i}]"), ("matrix", "{x}[{i}, :]"), ("matrix", "{x}[{i}][::-1]"),
        ("matrix", "{x}[{i}, ...]"), ("transposed", "{x}[:, {i}]"), ("transposed", "{x}.T[{i}]"),
        ("flat", "{x}[:4]"), ("flat", "{x}[4:8]"), ("flat", "{x}[::3]"), ("flat", "{x}[-4:]"),
        ("flat", "{x}.reshape(3, 4)[{i}]"), ("vector", "{x}"), ("vector", "{x}[:]"),
        ("vector", "{x}[::-1]"), ("vector", "{x}.ravel()"), ("vector", "{x}.reshape(-1)"),
        ("vector", "np.asarray({x})"), ("vector", "{x}[...]"), ("square", "{x}.ravel()"),
        ("square", "{x}.reshape(4)"), ("square", "{x}.T.ravel()"), ("square", "{x}.flatten()"),
        ("matrix", "{x}[1:, 1:3].ravel()"), ("matrix", "np.atleast_2d({x})[{i}]"),
    ],
    "column": [
        ("matrix", "{x}[:, {j}]"), ("matrix", "{x}[::-1, {j}]"), ("matrix", "{x}.T[{j}]"),
        ("matrix", "{x}[{i}, 1:]"), ("matrix", "{x}[{i}][:-1]"), ("transposed", "{x}[{j}]"),
        ("vector", "{x}[1:]"), ("vector", "{x}[:-1]"), ("vector", "{x}[:3]"),
        ("flat", "{x}[::4]"), ("flat", "{x}[3:6]"), ("flat", "{x}[-3:]"),
        ("column", "{x}"), ("column", "{x}[::-1]"), ("column", "{x}[:, None].ravel()"),
        ("column", "{x}[None, :][0]"), ("matrix", "{x}[..., {j}]"),
    ],
    "couple": [
        ("vector", "{x}[::2]"), ("vector", "{x}[1::2]"), ("vector", "{x}[1:3]"),
        ("vector", "{x}[:2]"), ("vector", "{x}[-2:]"), ("column", "{x}[1:]"),
        ("column", "{x}[::2]"), ("square", "{x}[0]"), ("square", "{x}[:, 1]"),
        ("matrix", "{x}[{i}, 1:3]"), ("matrix", "{x}[1:, {j}]"), ("matrix", "{x}[{i}][1:][:2]"),
        ("couple", "{x}[::-1]"),
    ],
    "matrix": [
        ("matrix", "{x}"), ("matrix", "{x}[:]"), ("matrix", "{x}[::-1]"),
        ("matrix", "{x}[:, ::-1]"), ("transposed", "{x}.T"), ("transposed", "np.transpose({x})"),
        ("transposed", "{x}.transpose()"), ("transposed", "np.swapaxes({x}, 0, 1)"),
        ("transposed", "{x}.reshape(3, 4)"), ("flat", "{x}.reshape(3, 4)"),
        ("flat", "np.reshape({x}, (3, -1))"), ("flat", "{x}.reshape((4, 3)).T"),
    ],
    "transposed": [
        ("matrix", "{x}.T"), ("matrix", "np.transpose({x})"), ("matrix", "{x}.T[::-1]"),
        ("matrix", "{x}.reshape(4, 3)"), ("transposed", "{x}[:]"),
        ("flat", "{x}.reshape(4, 3)"), ("flat", "{x}.reshape(3, 4).T"),
    ],
    "flat": [
        ("matrix", "{x}.ravel()"), ("matrix", "{x}.reshape(-1)"), ("matrix", "{x}.T.ravel()"),
        ("matrix", "{x}.T.reshape(-1)"), ("matrix", "np.ravel({x})"), ("matrix", "{x}.flatten()"),
        ("transposed", "{x}.ravel()"), ("transposed", "{x}.T.reshape(12)"), ("flat", "{x}[::-1]"),
        ("flat", "{x}"), ("matrix", "{x}[::-1].reshape(-1)"),
    ],
    "square": [
        ("vector", "{x}.reshape(2, 2)"), ("vector", "{x}.reshape((2, -1)).T"),
        ("vector", "np.reshape({x}, (2, 2))"), ("matrix", "{x}[1:, :2]"),
        ("matrix", "{x}[:2, ::2]"), ("matrix", "{x}[::2, 1:3]"), ("transposed", "{x}[1:3, 1:]"),
        ("flat", "{x}[:4].reshape(2, 2)"), ("square", "{x}.T"), ("square", "{x}[::-1]"),
    ],
}  # fmt: skip


def row(s: Scope) -> str:
    return s.rng.choice([*s.rows, *s.rows, "0", "1", "2", "-1"])


def column(s: Scope) -> str:
    return s.rng.choice([*s.index, *s.index, "0", "1", "3", "-2"])


def view(s: Scope, kind: str, store: bool = False) -> str | None:
    """An array of this kind that mostly shares its memory with a name; with `store`, one that may
    be written into.
    """
    names = {k: s.of(k) for k in SHAPES}
    if store:
        names = {k: [x for x in known if x not in s.frozen] for k, known in names.items()}
    forms = [(k, form) for k, form in VIEWS[kind] if names[k]]
    if not forms:
        return None
    k, form = s.rng.choice(forms)
    return form.format(x=s.rng.choice(names[k]), i=row(s), j=column(s))
