"""Forward mode, reverse mode, and one over the other: the curvature of a pendulum's fall.

A pendulum swings for some steps, each of which overwrites its state. How far it gets depends on
the angle at which it is let go. The program prints the slope of that in both modes, the second
derivative in two ways, and the texts of forward mode and of the gradient's gradient.

Run it with `python examples/both_modes.py`.
"""

import math

from srcdiff import differentiate, grad, jvp


@differentiate
def swing(angle, steps):
    speed = 0.0
    for _ in range(steps):
        speed -= 0.1 * math.sin(angle)
        angle += 0.1 * speed
    return angle


def curvature(angle, steps):
    """The tangent of the gradient."""
    return jvp(swing.grad, (angle, steps), (1.0, None))[1]


def main():
    angle, steps = 0.8, 30
    value, tangent = swing.jvp((angle, steps), (1.0, None))
    slope = swing.grad(angle, steps)
    print(f"the angle reached    {value:.9f}")
    print(f"forward mode         {tangent:.9f}")
    print(f"reverse mode         {slope:.9f}")
    assert math.isclose(tangent, slope)

    twice = grad(swing.grad)(angle, steps)
    print(f"forward over reverse {curvature(angle, steps):.9f}")
    print(f"reverse over reverse {twice:.9f}")
    h = 1e-5
    differences = (swing.grad(angle + h, steps) - swing.grad(angle - h, steps)) / (2 * h)
    assert math.isclose(twice, differences, rel_tol=1e-6)
    assert math.isclose(curvature(angle, steps), twice)

    print()
    print(swing.jvp.source)
    print(grad(swing.grad).source_for(angle, steps))


if __name__ == "__main__":
    main()
