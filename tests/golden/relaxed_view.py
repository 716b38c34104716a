import numpy as np


def _relax_fwd(v, k, v_tape):
    """Forward sweep of _relax (golden_programs.py:456): keeps what the reverse sweep needs on its tapes."""
    for i in range(1, len(v) - 1):
        v_tape.append(v[i].copy())
        v[i] += k * (v[i - 1] - 2.0 * v[i] + v[i + 1])


def _relax_bwd(v, k, dv, v_tape):
    """Reverse sweep of _relax (golden_programs.py:456): undoes v, updates dv in place."""
    dk = 0.0
    for i in reversed(range(1, len(v) - 1)):
        v[i] = v_tape.pop()  # undo the overwrite
        d = dv[i].copy()
        d_2 = k * d
        dk += np.sum(d * (v[i - 1] - 2.0 * v[i] + v[i + 1]))
        dv[i - 1] += d_2
        dv[i] -= 2.0 * d_2
        dv[i + 1] += d_2
    return dk


def relaxed_view_grad(A, k, sweeps):
    """Gradient of relaxed_view (tests/golden_programs.py:461) with respect to A and k."""
    A = A.copy()
    # forward sweep
    v_tape_2 = []
    for _ in range(sweeps):
        _relax_fwd(A[1:-1], k, v_tape_2)
    # reverse sweep
    dA = 2.0 * A
    dk = 0.0
    for _ in reversed(range(sweeps)):
        dk += _relax_bwd(A[1:-1], k, dA[1:-1], v_tape_2)
    return dA, float(dk)
