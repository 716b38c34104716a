import numpy as np


def wave_grad(u, c, dt, steps):
    """Gradient of wave (tests/golden_programs.py:198) with respect to u and c."""
    # forward sweep
    u_prev = u.copy()
    u_tape = []
    force_tape = []
    for t in range(steps):
        force = u[2:] - 2.0 * u[1:-1] + u[:-2] - np.sin(u[1:-1])
        u_next = u.copy()
        u_next[1:-1] = 2.0 * u[1:-1] - u_prev[1:-1] + (dt * c[1:-1]) ** 2 * force
        u_prev = u.copy()
        u_tape.append(u)
        u = u_next.copy()
        force_tape.append(force)
    # reverse sweep
    du = 2.0 * u
    dc = np.zeros_like(c)
    du_prev = np.zeros_like(u_prev)
    for t in reversed(range(steps)):
        force = force_tape.pop()
        u = u_tape.pop()
        du_next = du.copy()
        du = du_prev.copy()
        d = du_next[1:-1]
        du[1:-1] += 2.0 * d
        du_prev = np.zeros_like(u_prev)
        du_prev[1:-1] -= d
        dc[1:-1] += 2.0 * dt * (d * force * (dt * c[1:-1]))
        dforce = (dt * c[1:-1]) ** 2 * d
        du_next[1:-1] = 0.0
        du += du_next
        du[2:] += dforce
        du[1:-1] -= dforce * (2.0 + np.cos(u[1:-1]))
        du[:-2] += dforce
    du += du_prev
    return du, dc
