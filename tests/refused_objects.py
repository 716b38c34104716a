"""Objects that are refused. «These marks» stand around what the caret has to point at."""

from __future__ import annotations

from tests.refused_programs import Refused

OBJECTS = [
    Refused(
        "metaclass",
        """
class Meta(type):
    pass


class P(metaclass=Meta):
    def __init__(self, x):
        self.x = x


def f(x):
    p = «P(x[0])»
    return p.x * 2.0
""",
        "the class P has the metaclass Meta, which may change what its objects do.",
        "use a plain class.",
    ),
    Refused(
        "attribute_hook",
        """
class P:
    def __init__(self, x):
        self.x = x

    def __getattr__(self, name):
        return 2.0 * self.x


def f(x):
    p = «P(x[0])»
    return p.y
""",
        "the class P defines __getattr__, so that its attributes cannot be followed.",
        "write the attributes, or properties for them, out.",
    ),
    Refused(
        "assignment_hook",
        """
class P:
    def __setattr__(self, name, value):
        object.__setattr__(self, name, 2.0 * value)


def f(x):
    p = «P()»
    p.x = x[0]
    return p.x
""",
        "the class P defines __setattr__, so that its attributes cannot be followed.",
        "write the attributes, or properties for them, out.",
    ),
    Refused(
        "making_hook",
        """
class P:
    def __new__(cls, x):
        made = object.__new__(cls)
        made.x = 2.0 * x
        return made


def f(x):
    return «P(x[0])».x
""",
        "the class P defines __new__, so that it is not known what its calls make.",
        "set the attributes in __init__.",
    ),
    Refused(
        "descriptor",
        """
class Doubled:
    def __get__(self, owner, cls):
        return 2.0 * owner.x


class P:
    y = Doubled()

    def __init__(self, x):
        self.x = x


def f(x):
    p = P(x[0])
    return «p.y» * 3.0
""",
        "the attribute 'y' of P is a descriptor (Doubled), whose code decides what it is.",
        "write a property or a method.",
    ),
    Refused(
        "computed_attribute",
        """
class P:
    pass


def f(x):
    p = P()
    for i in range(len(x)):
        «setattr(p, "x" + str(i), x[i])»
    return p.x0
""",
        "setattr is given a name that is known only when the program runs.",
        "write the attributes out.",
    ),
    Refused(
        "frozen_object",
        """
from dataclasses import dataclass


@dataclass(frozen=True)
class P:
    x: float


def f(x):
    p = P(x[0])
    «p.x» = 2.0
    return p.x
""",
        "P is frozen: its field 'x' cannot be assigned to.",
        "make a new object (dataclasses.replace).",
    ),
    Refused(
        "two_names_after_a_branch",
        """
class P:
    def __init__(self, x):
        self.x = x


def f(x):
    p = P(x[0])
    q = P(x[1])
    if x[0] > 0.1:
        q = p
    «q.x» = 3.0 * x[2]
    return p.x * q.x
""",
        "an object of the class P is changed here, of which it is not known whether another name "
        "stands for it as well.",
        "make a new object instead of changing one that has two names.",
    ),
    Refused(
        "two_names_and_an_update",
        """
class P:
    def __init__(self, x):
        self.x = x


def f(x):
    p = P(x[0])
    q = P(x[1])
    if x[0] > 0.1:
        q = p
    «q.x» += 3.0 * x[2]
    return p.x * q.x
""",
        "an object of the class P is changed here, of which it is not known whether another name "
        "stands for it as well.",
        "make a new object instead of changing one that has two names.",
    ),
    Refused(
        "classes_of_branches",
        """
class P:
    def __init__(self, x):
        self.x = x


class Q(P):
    pass


def f(x):
    if x[0] > 0.1:
        p = P(x[0])
    else:
        p = Q(x[0])
    return «p».x
""",
        "'p' is a P on one path, a Q on another.",
        "use one class, and make the object before the branch.",
    ),
    Refused(
        "object_returned",
        """
class P:
    def __init__(self, x):
        self.x = x


def f(x):
    p = P(x[0])
    «return p»
""",
        "an object of the class P is returned, where its fields are not followed.",
        "pass the fields that are needed.",
    ),
    Refused(
        "object_handed_on",
        """
class P:
    def __init__(self, x):
        self.x = x


def f(x):
    p = P(x[0])
    «print(p)»
    return p.x
""",
        "an object of the class P is handed to print, where its fields are not followed.",
        "pass the fields that are needed.",
    ),
    Refused(
        "undefined_operator",
        """
class P:
    def __init__(self, x):
        self.x = x


def f(x):
    return («P(x[0]) + P(x[1])»).x
""",
        "the operator 'add' is applied to an object of the class P, which does not define it for "
        "this operand.",
        "define the method for it, or compute with the fields.",
    ),
    Refused(
        "object_picked_by_number",
        """
class P:
    def __init__(self, x):
        self.x = x


def f(x):
    ps = [P(x[0]), P(x[1])]
    i = int(x[0] > 0.1)
    return «ps[i]».x
""",
        "which object this is is known only when the program runs.",
        "keep the numbers in arrays, one for each field, and index these; or loop over the "
        "objects themselves.",
    ),
    Refused(
        "object_kept_by_a_given_one",
        """
class P:
    def __init__(self, x):
        self.x = x


KEEPER = P(0.0)


def f(x):
    «KEEPER.x» = P(x[0])
    return x[1]
""",
        "P.x is given an object that was made here, which is not supported.",
        "keep numbers and arrays in the object.",
    ),
]
