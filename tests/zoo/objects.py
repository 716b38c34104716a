"""Objects: classes of the user's, their methods and operators; where they are made and changed."""

from __future__ import annotations

import abc
import copy
import enum
import math
from collections import namedtuple
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np

from tests.zoo.registry import program


def NUMBER(rng):
    return (rng.uniform(0.55, 0.95),)


def VECTOR(rng):
    return (rng.uniform(0.2, 0.9, 4),)


class Particle:
    g = 9.81

    def __init__(self, x, v, mass=1.0):
        self.x = x
        self.v = v
        self.mass = mass

    def step(self, dt):
        a = -self.x / self.mass - 0.1 * self.v * abs(self.v)
        self.v += dt * a
        self.x += dt * self.v

    def energy(self):
        return 0.5 * self.mass * self.v**2 + 0.5 * self.x**2 + self.g * self.x


@program(args=NUMBER)
def particle_in_a_loop(x):
    p = Particle(x, 0.3)
    for i in range(5):
        p.step(0.1)
    return p.energy()


class Vec2:
    def __init__(self, x, y):
        self.x = x
        self.y = y

    def __add__(self, o):
        return Vec2(self.x + o.x, self.y + o.y)

    def __sub__(self, o):
        return Vec2(self.x - o.x, self.y - o.y)

    def __mul__(self, k):
        if isinstance(k, Vec2):
            return self.x * k.x + self.y * k.y
        return Vec2(self.x * k, self.y * k)

    __rmul__ = __mul__

    def __neg__(self):
        return Vec2(-self.x, -self.y)

    def norm(self):
        return math.sqrt(self.x**2 + self.y**2)


@program(args=NUMBER, dual=False)
def vectors_with_operators(a):
    u = Vec2(a, 2.0 * a)
    w = Vec2(1.0, a * a)
    z = u + 2.0 * w - (-u)
    for i in range(3):
        z = z + u * 0.5
    return z.norm() + u * w


@dataclass(frozen=True)
class State:
    x: float
    v: float = 0.5

    def step(self, dt):
        return State(self.x + dt * self.v, self.v - dt * math.sin(self.x))


@program(args=NUMBER, dual=False)
def states_replaced(x):
    s = State(x)
    prev = s
    for i in range(6):
        prev = s
        s = s.step(0.1)
    s = replace(s, v=s.v * 2.0)
    return s.x * s.v + prev.x


class P3(NamedTuple):
    x: float
    y: float = 2.0


@program(args=NUMBER)
def named_tuple_class(x):
    p = P3(x, x * x)
    p = p._replace(y=p.y + 1.0)
    a, b = p
    return a * b + p[1]


class Layer:
    def __init__(self, w, b):
        self.w, self.b = w, b

    def __call__(self, h):
        return np.tanh(self.w @ h + self.b)


@program(args=VECTOR)
def layers_in_a_list(x):
    layers = [Layer(np.ones((3, 2)) * x[0], x[:3]), Layer(np.ones((2, 3)), x[1:3])]
    h = x[:2]
    for layer in layers:
        h = layer(h)
    return np.sum(h)


class Account:
    rate = 0.05

    def __init__(self, balance):
        self.balance = balance
        self.history = []

    def deposit(self, x):
        self.balance += x
        self.history.append(self.balance)

    def grow(self):
        self.balance *= 1.0 + self.rate
        self.history.append(self.balance)


@program(args=NUMBER)
def history_of_a_balance(x):
    acc = Account(x)
    for i in range(4):
        acc.deposit(0.1 * x * i)
        acc.grow()
    return acc.balance + sum(acc.history)


class Temp:
    def __init__(self, c):
        self._c = c

    @property
    def f(self):
        return self._c * 9 / 5 + 32

    @f.setter
    def f(self, v):
        self._c = (v - 32) * 5 / 9

    @property
    def c(self):
        return self._c

    @classmethod
    def from_f(cls, f):
        t = cls(0.0)
        t.f = f
        return t

    @staticmethod
    def scale(v):
        return v * v


@program(args=NUMBER)
def properties_and_class_methods(x):
    t = Temp(x)
    t.f = t.f * x
    u = Temp.from_f(t.f + x)
    u.f += 2.0 * x
    return t.c * u.c + Temp.scale(x) + u.scale(x)


class Shape(abc.ABC):
    def __init__(self, name):
        self.name = name

    @abc.abstractmethod
    def area(self): ...
    def scaled(self, k):
        return k * self.area()


class Circle(Shape):
    def __init__(self, r):
        super().__init__("circle")
        self.r = r

    def area(self):
        return math.pi * self.r**2


class Rect(Shape):
    def __init__(self, w, h):
        super().__init__("rect")
        self.w = w
        self.h = h

    def area(self):
        return self.w * self.h


class Square(Rect):
    def __init__(self, s):
        super().__init__(s, s)

    def scaled(self, k):
        return super().scaled(k) + 1.0


@program(args=NUMBER)
def hierarchy_of_shapes(x):
    total = 0.0
    for s in [Circle(x), Rect(x, 2.0), Square(x * x)]:
        if isinstance(s, Circle):
            total += 2.0 * s.area()
        elif s.name == "rect":
            total += s.scaled(3.0)
    return total


class Dual:
    __slots__ = ("re", "du")

    def __init__(self, re, du=0.0):
        self.re = re
        self.du = du

    def __add__(self, o):
        o = o if isinstance(o, Dual) else Dual(o)
        return Dual(self.re + o.re, self.du + o.du)

    __radd__ = __add__

    def __mul__(self, o):
        o = o if isinstance(o, Dual) else Dual(o)
        return Dual(self.re * o.re, self.re * o.du + self.du * o.re)

    __rmul__ = __mul__

    def __sub__(self, o):
        return self + (-1.0) * o

    def __rsub__(self, o):
        return o + (-1.0) * self

    def __pow__(self, n):
        out = Dual(1.0)
        for _ in range(n):
            out = out * self
        return out

    def __truediv__(self, o):
        if isinstance(o, Dual):
            return Dual(self.re / o.re, (self.du * o.re - self.re * o.du) / o.re**2)
        return Dual(self.re / o, self.du / o)


def dsin(d):
    return Dual(math.sin(d.re), math.cos(d.re) * d.du)


@program(args=NUMBER)
def dual_numbers(x):
    d = Dual(x, 1.0)
    y = 3.0 * d * d + dsin(d) / (2.0 - d) + d**3
    return y.re + 0.5 * y.du


class Quaternion:
    def __init__(self, w, x, y, z):
        self.w, self.x, self.y, self.z = w, x, y, z

    def __mul__(self, o):
        return Quaternion(
            self.w * o.w - self.x * o.x - self.y * o.y - self.z * o.z,
            self.w * o.x + self.x * o.w + self.y * o.z - self.z * o.y,
            self.w * o.y - self.x * o.z + self.y * o.w + self.z * o.x,
            self.w * o.z + self.x * o.y - self.y * o.x + self.z * o.w,
        )

    def conj(self):
        return Quaternion(self.w, -self.x, -self.y, -self.z)

    def norm2(self):
        return self.w**2 + self.x**2 + self.y**2 + self.z**2

    def normalized(self):
        n = math.sqrt(self.norm2())
        return Quaternion(self.w / n, self.x / n, self.y / n, self.z / n)

    def __iter__(self):
        return iter((self.w, self.x, self.y, self.z))

    def __getitem__(self, i):
        if i == 0:
            return self.w
        if i == 1:
            return self.x
        if i == 2:
            return self.y
        return self.z

    def __len__(self):
        return 4

    def __neg__(self):
        return Quaternion(*[-c for c in self])

    def __abs__(self):
        return math.sqrt(self.norm2())

    def __eq__(self, o):
        return self.w == o.w


@program(args=NUMBER, dual=False)
def quaternions(a):
    q = Quaternion(1.0, 0.0, 0.0, 0.0)
    omega = Quaternion(0.0, a, 0.2, a * a)
    dt = 0.1
    for i in range(5):
        dq = omega * q
        q = Quaternion(
            q.w + 0.5 * dt * dq.w,
            q.x + 0.5 * dt * dq.x,
            q.y + 0.5 * dt * dq.y,
            q.z + 0.5 * dt * dq.z,
        )
        q = q.normalized()
    v = q * Quaternion(0.0, 1.0, 2.0, 3.0) * q.conj()
    w, x, y, z = v
    return x + 2.0 * y * z + abs(q) + q[1] + sum(c * c for c in -q) + len(q)


@dataclass
class SIR:
    beta: float
    gamma: float = 0.1
    n: int = 20
    log: list = field(default_factory=list)
    r0: float = field(init=False)

    def __post_init__(self):
        self.r0 = self.beta / self.gamma

    def run(self, s, i, r):
        for _ in range(self.n):
            new = self.beta * s * i
            rec = self.gamma * i
            s, i, r = s - 0.1 * new, i + 0.1 * (new - rec), r + 0.1 * rec
            self.log.append(i)
        return s, i, r


@program(args=NUMBER)
def epidemic(b):
    model = SIR(b, gamma=0.2)
    s, i, r = model.run(0.9, 0.1, 0.0)
    return i + r * model.r0 + max(model.log)


class Kalman:
    def __init__(self, F, H, Q, R, x, P):
        self.F, self.H, self.Q, self.R = F, H, Q, R
        self.x = x
        self.P = P

    def predict(self):
        self.x = self.F @ self.x
        self.P = self.F @ self.P @ self.F.T + self.Q

    def update(self, z):
        S = self.H @ self.P @ self.H.T + self.R
        K = self.P @ self.H.T @ np.linalg.inv(S)
        y = z - self.H @ self.x
        self.x = self.x + K @ y
        self.P = (np.eye(2) - K @ self.H) @ self.P
        return y


@program(args=VECTOR, dual=False)
def kalman_filter(zs):
    kf = Kalman(
        np.array([[1.0, 0.1], [0.0, 1.0]]),
        np.array([[1.0, 0.0]]),
        0.01 * np.eye(2),
        0.1 * np.eye(1),
        np.zeros(2),
        np.eye(2),
    )
    err = 0.0
    for k in range(len(zs)):
        kf.predict()
        y = kf.update(zs[k : k + 1])
        err += np.sum(y**2)
    return err + np.sum(kf.x) + np.trace(kf.P)


class SGD:
    def __init__(self, lr, momentum=0.9):
        self.lr = lr
        self.momentum = momentum
        self.velocity = None
        self.steps = 0

    def step(self, params, grads):
        if self.velocity is None:
            self.velocity = np.zeros_like(params)
        self.velocity = self.momentum * self.velocity - self.lr * grads
        self.steps += 1
        return params + self.velocity


@program(args=VECTOR)
def optimizer_with_momentum(p):
    opt = SGD(0.1)
    p = opt.step(p, p * p)
    for _ in range(3):
        p = opt.step(p, 2.0 * p * p)
    return np.sum(p**2) + opt.steps


class Option:
    def __init__(self, strike, maturity):
        self.strike = strike
        self.maturity = maturity

    def payoff(self, s):
        raise NotImplementedError

    def price(self, s0, sigma, z):
        st = s0 * np.exp(-0.5 * sigma**2 * self.maturity + sigma * np.sqrt(self.maturity) * z)
        return np.mean(self.payoff(st))


class Call(Option):
    def payoff(self, s):
        return np.maximum(s - self.strike, 0.0)


class Put(Option):
    def payoff(self, s):
        return np.maximum(self.strike - s, 0.0)


class Portfolio:
    def __init__(self):
        self.positions = []

    def add(self, opt, qty):
        self.positions.append((opt, qty))
        return self

    def value(self, s, sigma, z):
        return sum(q * o.price(s, sigma, z) for o, q in self.positions)


Z = np.linspace(-2, 2, 9)


@program(args=NUMBER)
def portfolio_of_options(s):
    p = Portfolio().add(Call(1.0, 1.0), 2.0).add(Put(1.2, 0.5), -1.0)
    return p.value(s, 0.2, Z)


class Color(enum.Enum):
    RED = 1
    BLUE = 2


@dataclass
class Ray:
    origin: object
    direction: object


class Vec3:
    def __init__(self, x, y, z):
        self.x, self.y, self.z = x, y, z

    def __add__(self, o):
        return Vec3(self.x + o.x, self.y + o.y, self.z + o.z)

    def __sub__(self, o):
        return Vec3(self.x - o.x, self.y - o.y, self.z - o.z)

    def __mul__(self, k):
        return Vec3(self.x * k, self.y * k, self.z * k)

    __rmul__ = __mul__

    def dot(self, o):
        return self.x * o.x + self.y * o.y + self.z * o.z

    def unit(self):
        return self * (1.0 / math.sqrt(self.dot(self)))

    def __iadd__(self, o):
        self.x += o.x
        self.y += o.y
        self.z += o.z
        return self


class Sphere:
    def __init__(self, c, r, color):
        self.c, self.r, self.color = c, r, color

    def hit(self, ray):
        oc = ray.origin - self.c
        b = oc.dot(ray.direction)
        disc = b * b - (oc.dot(oc) - self.r**2)
        if disc < 0.0:
            return None
        return -b - math.sqrt(disc)


@program(args=NUMBER, dual=False)
def ray_tracer(a):
    scene = [
        Sphere(Vec3(0.0, 0.0, 5.0), 1.0, Color.RED),
        Sphere(Vec3(a, 0.1, 3.0), 0.5, Color.BLUE),
    ]
    acc = Vec3(0.0, 0.0, 0.0)
    for sx in [-0.1, 0.0, 0.1]:
        ray = Ray(Vec3(0.0, 0.0, 0.0), Vec3(sx, a * 0.1, 1.0).unit())
        for s in scene:
            t = s.hit(ray)
            weight = 2.0 if s.color is Color.RED else 3.0
            if t is not None:
                p = ray.origin + t * ray.direction
                acc += (p - s.c) * (weight / s.r)
    return acc.x + 2.0 * acc.y - acc.z


@program(args=NUMBER)
def namespaces(x):
    p = SimpleNamespace(a=x, b=2.0 * x)
    p.c = p.a * p.b
    p.a += 1.0
    q = SimpleNamespace(p=p, k=x)
    q.p.b *= q.k
    return p.a * p.b * p.c


@program(args=NUMBER)
def two_names_of_one_object(x):
    a = Vec3(x, 1.0, 2.0)
    b = a
    b.x = 3.0 * x
    lst = [a, b]
    lst[1].y = x * x
    d = {"k": a}
    d["k"].z *= x
    return a.x * a.y * a.z


@program(args=NUMBER)
def objects_of_branches(x):
    if x > 0.5:
        v = Vec3(x, x * x, 1.0)
    else:
        v = Vec3(1.0, x, x)
    v.x += 1.0
    w = v if x > 0.6 else Vec3(0.0, 1.0, x)
    return w.x * w.y + w.z


@program(args=NUMBER)
def objects_in_loops_with_breaks(x):
    s = Vec3(x, 1.0, 0.0)
    for i in range(10):
        if s.x > 3.0:
            break
        if i == 1:
            continue
        s = s + Vec3(s.x, 0.1, x)
    while s.dot(s) < 30.0:
        s = s * 1.3
        if s.y > 4.0:
            s = s + s
            break
    return s.x * s.y + s.z


Point = namedtuple("Point", ["x", "y"], defaults=[1.0])


@program(args=NUMBER)
def namedtuple_defaults(x):
    p = Point(x)
    q = p._replace(x=p.x * 2.0)
    pts = [p, q, Point(y=x, x=x**2)]
    tot = 0.0
    for (px, py), w in zip(pts, [1.0, 2.0, 3.0]):
        tot += w * px * py
    return tot + sum(pt.x for pt in pts) + max(pt.y for pt in pts)


class Node:
    def __init__(self, op, left=None, right=None, value=None):
        self.op, self.left, self.right, self.value = op, left, right, value

    def eval(self, x):
        if self.op == "const":
            return self.value
        if self.op == "x":
            return x
        a = self.left.eval(x)
        b = self.right.eval(x)
        return a + b if self.op == "+" else a * b


@program(args=NUMBER)
def expression_tree(x):
    t = Node(
        "+", Node("*", Node("x"), Node("x")), Node("*", Node("const", value=3.0 * x), Node("x"))
    )
    return t.eval(x)


class Counter:
    def __init__(self):
        self.n = 0
        self.total = 0.0

    def __call__(self, v):
        self.n += 1
        self.total += v
        return self.total / self.n


@program(args=NUMBER)
def callable_object_with_state(x):
    mean = Counter()
    out = 0.0
    for k in range(5):
        out += mean(x**k)
    return out


class Mixin:
    def describe(self):
        return self.value() * 2.0


class Base2:
    def __init__(self, a):
        self.a = a

    def value(self):
        return self.a


class Derived2(Mixin, Base2):
    def value(self):
        return super().value() ** 2 + self.describe_base()

    def describe_base(self):
        return 1.0


@program(args=NUMBER)
def mixin_and_super(x):
    return Derived2(x).describe()


@dataclass(order=True)
class Item:
    w: float
    v: float = 1.0


@program(args=NUMBER)
def compared_dataclasses(x):
    a, b = Item(x, 2.0), Item(0.5, x)
    best = a if a.w > b.w else b
    return best.w * best.v + (1.0 if a == b else 2.0)


class Matrix:
    def __init__(self, data):
        self.data = data

    def __matmul__(self, o):
        if isinstance(o, Matrix):
            return Matrix(self.data @ o.data)
        return self.data @ o

    @property
    def T(self):
        return Matrix(self.data.T)

    def __getitem__(self, k):
        return self.data[k]

    def __setitem__(self, k, v):
        self.data[k] = v


@program(args=VECTOR)
def matrix_class(x):
    A = Matrix(np.outer(x, x) + np.eye(4))
    B = A.T @ A
    B[0, 0] = x[1] * 2.0
    B[1, :] *= x
    return np.sum(B @ x) + B[2, 3]


class Sim:
    def __init__(self, n):
        self.grid = np.zeros(n)
        self.t = 0

    def step(self):
        self.grid[1:-1] = self.grid[1:-1] + 0.1 * (
            self.grid[2:] - 2.0 * self.grid[1:-1] + self.grid[:-2]
        )
        self.t += 1

    def run(self, k):
        while self.t < k:
            self.step()


@program(args=VECTOR, dual=False)
def grid_in_an_object(x):
    s = Sim(6)
    s.grid[1:5] = x
    s.run(4)
    return np.sum(s.grid**2) * s.t


@program(args=VECTOR)
def closures_over_objects(x):
    l = Layer2(x, 2.0)
    f = lambda t: l.k * t + l.w[0]
    l.k = x[1]

    def g(t):
        return f(t) * l.w[1]

    return g(2.0) + f(x[2])


class Layer2:
    def __init__(self, w, k):
        self.w = w
        self.k = k


def integrate(f, state, dt, n):
    for _ in range(n):
        k1 = f(state)
        state = state + k1 * dt
    return state


@program(args=NUMBER)
def integrator_of_vectors(x):
    s = integrate(lambda s: Vec3(s.y, -s.x, x), Vec3(x, 0.0, 1.0), 0.1, 5)
    return s.dot(s)


@program(args=NUMBER)
def copies_of_objects(x):
    a = Vec3(x, 1.0, 2.0)
    b = copy.copy(a)
    b.x = 5.0 * x
    c = copy.deepcopy(a)
    c.y *= x
    return a.x * b.x + c.y * a.y


@program(args=VECTOR)
def objects_in_dicts(x):
    layers = {"a": Layer2(x[:2], x[2]), "b": Layer2(x[2:], 2.0)}
    out = 0.0
    for name, l in layers.items():
        out += np.sum(l.w) * l.k
        l.k = l.k * 2.0
    return out + layers["a"].k + sum(np.sum(v.w) for v in layers.values())


class Interval:
    def __init__(self, lo, hi):
        self.lo, self.hi = lo, hi

    def __add__(self, o):
        return Interval(self.lo + o.lo, self.hi + o.hi)

    def __mul__(self, o):
        c = [self.lo * o.lo, self.lo * o.hi, self.hi * o.lo, self.hi * o.hi]
        return Interval(min(c), max(c))

    def width(self):
        return self.hi - self.lo

    def __contains__(self, v):
        return self.lo <= v <= self.hi

    def __lt__(self, o):
        return self.hi < o.lo


@program(args=NUMBER)
def interval_arithmetic(x):
    a, b = Interval(x - 0.1, x + 0.2), Interval(-1.0, x)
    c = a * b + a
    bonus = 3.0 * x if 0.7 in c else x
    if a < b:
        bonus = 0.0
    return c.width() + bonus


@program(args=NUMBER)
def objects_in_objects(x):
    body = SimpleNamespace(pos=Vec3(x, 0.0, 0.0), vel=Vec3(0.0, x, 1.0), mass=2.0)
    for _ in range(3):
        body.pos = body.pos + 0.1 * body.vel
        body.vel += body.pos * -0.2
    return body.pos.dot(body.vel) * body.mass


@program(args=NUMBER)
def objects_swapped(x):
    a, b = Vec3(x, 1.0, 2.0), Vec3(2.0, x, 1.0)
    for i in range(3):
        a, b = b, a + b
    return a.x * b.y + b.z


@program(args=VECTOR)
def objects_in_comprehensions(x):
    ps = [Layer2(x[i : i + 1], x[i]) for i in range(4)]
    for i in range(4):
        for j in range(4):
            if i != j:
                ps[i].k += 0.1 * ps[j].k
    return sum(p.k * p.k for p in ps)


class Halved:
    def __init__(self, x):
        self.x = x

    @property
    def value(self):
        return self.x

    @value.setter
    def value(self, new):
        self.x = 0.5 * new


@program(args=NUMBER)
def updated_through_a_setter(x):
    h = Halved(x)
    h.value += x * x
    h.value *= 3.0
    return h.x * x
