import numpy as np


def settle_grad(x, c, cap):
    """Gradient of settle (tests/golden_programs.py:110) with respect to x and c."""
    # forward sweep
    total = 0.0
    returned = False
    i_trips = 0
    z_tape = []
    k_trips_tape = []
    z_tape_2 = []
    for i in range(len(x)):
        i_trips += 1
        if x[i] <= 0.0:
            continue
        z = x[i]
        k_trips = 0
        for k in range(12):
            k_trips += 1
            z_tape.append(z)
            z = c * z * (1.0 - z)
            if z < 0.2:
                break
            total += z * z
            if total > cap:
                returned = True
                break
        k_trips_tape.append(k_trips)
        z_tape_2.append(z)
        if returned:
            break
    # reverse sweep
    if returned:
        dtotal = 1.0 / (i + 1)
    else:
        dtotal = 1.0
    dc = 0.0
    dx = np.zeros_like(x)
    for i in reversed(range(i_trips)):
        if not x[i] <= 0.0:
            z = z_tape_2.pop()
            k_trips = k_trips_tape.pop()
            dz = 0.0
            for k in reversed(range(k_trips)):
                if not z < 0.2:
                    dz += 2.0 * dtotal * z
                z = z_tape.pop()
                d = dz * (1.0 - z)
                dc += d * z
                dz = c * (d - z * dz)
            dx[i] += dz
    return dx, float(dc)
