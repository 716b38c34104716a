"""Objects that hold objects, lists, dicts and state; more ways to write classes."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass, field, replace
from typing import Optional

import numpy as np

from tests.zoo.registry import program


def NUMBER(rng):
    return (rng.uniform(0.55, 0.95),)


def VECTOR(rng):
    return (rng.uniform(0.2, 0.9, 4),)


class Body:
    def __init__(self, pos, vel, m):
        self.pos, self.vel, self.m = pos, vel, m

    def kinetic(self):
        return 0.5 * self.m * np.sum(self.vel**2)


class System:
    G = 1.0

    def __init__(self, bodies):
        self.bodies = bodies

    def accel(self, i):
        a = np.zeros(2)
        for j, other in enumerate(self.bodies):
            if j == i:
                continue
            d = other.pos - self.bodies[i].pos
            r2 = np.sum(d**2) + 0.01
            a = a + self.G * other.m * d / r2**1.5
        return a

    def step(self, dt):
        acc = [self.accel(i) for i in range(len(self.bodies))]
        for b, a in zip(self.bodies, acc):
            b.vel = b.vel + dt * a
            b.pos = b.pos + dt * b.vel

    def energy(self):
        return sum(b.kinetic() for b in self.bodies)


@program(args=VECTOR, dual=False)
def many_bodies(x):
    s = System(
        [
            Body(x[:2], np.zeros(2), 1.0),
            Body(x[2:], np.array([0.1, -0.1]), 2.0),
            Body(np.array([1.0, 1.0]), x[1:3], 0.5),
        ]
    )
    for _ in range(3):
        s.step(0.05)
    return s.energy() + np.sum(s.bodies[0].pos)


class Stack:
    def __init__(self):
        self.items = []

    def push(self, v):
        self.items.append(v)

    def pop(self):
        return self.items.pop()

    def __len__(self):
        return len(self.items)


@program(args=NUMBER, dual=False)
def stack_object(x):
    s = Stack()
    s.push(x)
    s.push(x * x)
    s.push(3.0)
    tot = 0.0
    while len(s) > 0:
        tot = tot * x + s.pop()
    return tot


class LinkedList:
    def __init__(self, v, nxt=None):
        self.v = v
        self.nxt = nxt


@program(args=NUMBER, dual=False)
def linked_list(x):
    l = LinkedList(x, LinkedList(x**2, LinkedList(3.0)))
    tot = 0.0
    node = l
    while node is not None:
        tot += node.v * node.v
        node = node.nxt
    return tot


class Env:
    def __init__(self, parent=None):
        self.vars = {}
        self.parent = parent

    def set(self, k, v):
        self.vars[k] = v

    def get(self, k):
        return self.vars[k] if k in self.vars else self.parent.get(k)


@program(args=NUMBER, dual=False)
def environments(x):
    e = Env()
    e.set("a", x)
    f = Env(e)
    f.set("b", x * 2.0)
    return f.get("a") * f.get("b")


class Optimizer:
    def __init__(self, lr=0.1):
        self.lr = lr
        self.m = {}
        self.t = 0

    def step(self, params, grads):
        self.t += 1
        for k in params:
            self.m[k] = 0.9 * self.m.get(k, 0.0) + grads[k]
            params[k] = params[k] - self.lr * self.m[k]
        return params


@program(args=NUMBER, dual=False)
def optimizer_of_dicts(x):
    p = {"a": x, "b": 2.0}
    o = Optimizer()
    for _ in range(3):
        p = o.step(p, {"a": p["a"] * p["b"], "b": p["a"] ** 2})
    return p["a"] * p["b"] + o.t


@dataclass
class Config:
    lr: float = 0.1
    steps: int = 5
    kind: str = "gd"
    clip: Optional[float] = None


@dataclass
class Trainer:
    config: Config = field(default_factory=Config)
    losses: list = field(default_factory=list)

    def fit(self, w):
        for k in range(self.config.steps):
            g = 2.0 * (w - 1.0) * w
            if self.config.clip is not None:
                g = np.clip(g, -self.config.clip, self.config.clip)
            if self.config.kind == "gd":
                w = w - self.config.lr * g
            else:
                w = w - g
            self.losses.append(w * w)
        return w


@program(args=NUMBER, dual=False)
def trainer_with_configuration(x):
    t = Trainer(Config(steps=4))
    w = t.fit(x)
    u = Trainer().fit(x * x)
    return w + t.losses[-1] + u * 0.1 + np.sum(np.array(t.losses))


class Complex:
    def __init__(self, re, im=0.0):
        self.re, self.im = re, im

    def __add__(self, o):
        if not isinstance(o, Complex):
            o = Complex(o)
        return Complex(self.re + o.re, self.im + o.im)

    def __mul__(self, o):
        if isinstance(o, (int, float)):
            return Complex(self.re * o, self.im * o)
        return Complex(self.re * o.re - self.im * o.im, self.re * o.im + self.im * o.re)

    def __rmul__(self, o):
        return self * o

    def __abs__(self):
        return (self.re**2 + self.im**2) ** 0.5

    def __pow__(self, n):
        r = Complex(1.0)
        for _ in range(n):
            r = r * self
        return r

    def __repr__(self):
        return f"C({self.re}, {self.im})"


@program(args=NUMBER, dual=False)
def complex_class(x):
    c = Complex(x, 0.2)
    z = Complex(0.0)
    n = 0
    while abs(z) < 2.0 and n < 5:
        z = z * z + c * 0.5
        n += 1
    return abs(z**3 + 2 * c) + n


class Base:
    registry = {}

    def __init__(self, k):
        self.k = k

    def f(self, x):
        raise NotImplementedError

    def __call__(self, x):
        return self.f(x) * self.scale

    @property
    def scale(self):
        return 1.0


class Gauss(Base):
    def f(self, x):
        return np.exp(-self.k * x * x)


class Poly2(Base):
    def __init__(self, k, c):
        super().__init__(k)
        self.c = c

    def f(self, x):
        return self.c + self.k * x

    @property
    def scale(self):
        return super().scale * 2.0


@program(args=NUMBER, dual=False)
def kernels_of_a_hierarchy(x):
    ks = (Gauss(x), Poly2(2.0, x))
    return sum(k(0.5) * k(x) for k in ks)


@program(args=NUMBER, dual=False)
def kernels_in_a_dict(x):
    ks = {"g": Gauss(x), "p": Poly2(2.0, x)}
    out = 0.0
    for name in ("g", "p", "g"):
        out = out + ks[name](x) * len(ks)
    return out


class Acc:
    def __init__(self):
        self.s = 0.0
        self.n = 0

    def __iadd__(self, v):
        self.s += v
        self.n += 1
        return self

    def mean(self):
        return self.s / self.n if self.n else 0.0


@program(args=VECTOR, dual=False)
def accumulator(x):
    a = Acc()
    for v in x:
        a += v * v
    b = a
    b += 1.0
    return a.mean()


class Cond:
    def __init__(self, x):
        self.x = x
        self.state = "init"

    def advance(self, t):
        if self.state == "init":
            if self.x > t:
                self.state = "high"
                self.x = self.x * 2.0
            else:
                self.state = "low"
        elif self.state == "high":
            self.x -= t
        return self


@program(args=NUMBER, dual=False)
def state_machine(x):
    c = Cond(x).advance(0.5)
    for _ in range(3):
        c.advance(0.1 * x)
    return c.x**2


@program(args=NUMBER, dual=False)
def early_returns_with_objects(x):
    class_ = Gauss(x)

    def find(obj, v):
        for i in range(4):
            if obj(v * i) < 0.9:
                return obj(v * i) * i
        return obj.k

    return find(class_, x) + find(Poly2(x, 1.0), 0.1)


class V:
    __slots__ = ("d",)

    def __init__(self, *d):
        self.d = d

    def __add__(self, o):
        return V(*(a + b for a, b in zip(self.d, o.d)))

    def __mul__(self, k):
        return V(*[a * k for a in self.d])

    def dot(self, o):
        return sum(a * b for a, b in zip(self.d, o.d))

    def __getitem__(self, i):
        return self.d[i]

    def __len__(self):
        return len(self.d)

    def __iter__(self):
        return iter(self.d)


@program(args=NUMBER, dual=False)
def vectors_of_tuples(x):
    a = V(x, 2.0, x * x)
    b = a + V(1.0, x, 0.0) * x
    t = 0.0
    for i in range(len(b)):
        t += b[i] * a[i]
    for c in b:
        t += c
    return t + a.dot(b)


class Arr:
    def __init__(self, data):
        self.data = np.asarray(data)

    def __array_priority__(self):
        return 1

    def __add__(self, o):
        return Arr(self.data + (o.data if isinstance(o, Arr) else o))

    def __radd__(self, o):
        return Arr(o + self.data)

    def __getitem__(self, k):
        return self.data[k]

    def __setitem__(self, k, v):
        self.data[k] = v

    def sum(self):
        return self.data.sum()

    @property
    def shape(self):
        return self.data.shape


@program(args=VECTOR, dual=False)
def array_class(x):
    a = Arr(x * 2.0)
    b = a + 1.0 + a
    b[0] = x[1]
    b[1:3] += x[2:]
    c = 3.0 + b
    return c.sum() * c.shape[0] + a[0]


class Cache:
    def __init__(self):
        self.val = None
        self.hits = 0

    def get(self, x):
        if self.val is None:
            self.val = np.sin(x)
        else:
            self.hits += 1
        return self.val


@program(args=NUMBER, dual=False)
def cache_in_an_object(x):
    c = Cache()
    return c.get(x) * c.get(x) + c.hits


class Lazy:
    def __init__(self, x):
        self.x = x

    @functools.cached_property
    def sq(self):
        return self.x**2


@program(args=NUMBER, dual=False)
def cached_property(x):
    l = Lazy(x)
    a = l.sq
    l.x = 5.0
    return a + l.sq * x


@dataclass(frozen=True)
class Pose:
    x: float = 0.0
    y: float = 0.0
    th: float = 0.0

    def move(self, v, w, dt=0.1):
        return replace(
            self,
            x=self.x + v * math.cos(self.th) * dt,
            y=self.y + v * math.sin(self.th) * dt,
            th=self.th + w * dt,
        )


@program(args=NUMBER, dual=False)
def trajectory_of_poses(x):
    p = Pose(th=x)
    traj = [p]
    for k in range(5):
        p = p.move(x, 0.3 * k)
        traj.append(p)
    return p.x * p.y + sum(q.th for q in traj) + traj[2].x


class SEIR:
    def __init__(self, **params):
        self.beta = params["beta"]
        self.gamma = params.get("gamma", 0.1)
        for name in ("s", "i"):
            setattr(self, name, 0.5)

    def rhs(self):
        return -self.beta * self.s * self.i, getattr(
            self, "beta"
        ) * self.s * self.i - self.gamma * self.i

    def run(self, n, dt):
        for _ in range(n):
            ds, di = self.rhs()
            self.s, self.i = self.s + dt * ds, self.i + dt * di
        return self


@program(args=NUMBER, dual=False)
def set_attributes(x):
    return SEIR(beta=x).run(6, 0.2).i


@program(args=NUMBER, dual=False)
def chained_methods(x):
    return SEIR(beta=x, gamma=x * 0.1).run(2, 0.1).run(3, 0.2).s


class Tree:
    def __init__(self, v, children=()):
        self.v = v
        self.children = list(children)

    def total(self):
        return self.v + sum(0.5 * c.total() for c in self.children)

    def depth(self):
        return 1 + max([c.depth() for c in self.children], default=0)


@program(args=NUMBER, dual=False)
def tree_of_objects(x):
    t = Tree(x, [Tree(x * x), Tree(2.0, [Tree(x**3)])])
    return t.total()


@program(args=NUMBER, dual=False)
def lambdas_over_objects(x):
    p = Pose(x, 2.0 * x)
    f = lambda t: p.x * t + p.y
    g = lambda q, s=p.y: q.x * s
    return f(3.0) + g(p) + sum(map(lambda q: q.x, [p, Pose(1.0, x)]))


@program(args=NUMBER, dual=False)
def fields_in_strings(x):
    p = Pose(x)
    msg = f"{p.x:.3f} and {p.y}"
    if len(msg) > 100:
        return 0.0
    print("x is", p.x, end="") if False else None
    assert p.x > 0, f"bad {p.x}"
    if p.y > 3.0:
        raise ValueError(f"y {p.y}")
    return p.x**2
