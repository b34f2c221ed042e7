"""Every cell's equations, one number at a time and in Python's floats, as its paper has them.

    paper(weights, x, state) -> (state, gates)

Weights are nested lists under their usual names, x is a list (D,), the state is lists (H,), and so
are the gates by name.
"""

import math


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def dot(a, b):
    return sum(p * q for p, q in zip(a, b, strict=True))


def of_input(w, row, x):
    """W x + b_ih, of one row."""
    return dot(w["weight_ih"][row], x) + w["bias_ih"][row]


def of_state(w, row, h):
    """U h + b_hh, of one row."""
    return dot(w["weight_hh"][row], h) + w["bias_hh"][row]


def both(w, row, x, h):
    """W x + U h + b, of one row."""
    return of_input(w, row, x) + of_state(w, row, h)


def elman(w, x, state):
    (h,) = state
    return ([math.tanh(both(w, k, x, h)) for k in range(len(h))],), {}


def relu(w, x, state):
    (h,) = state
    return ([max(0.0, both(w, k, x, h)) for k in range(len(h))],), {}


def jordan(w, x, state):
    (y,) = state
    h = [math.tanh(both(w, k, x, y)) for k in range(len(y))]
    return ([math.tanh(dot(w["weight_ho"][k], h) + w["bias_ho"][k]) for k in range(len(y))],), {}


def full(w, x, state):
    units = [*state[0], *state[1]]
    new = [math.tanh(both(w, k, x, units)) for k in range(len(units))]
    return (new[: len(new) // 2], new[len(new) // 2 :]), {}


def clockwork(w, x, state):
    h, time = state
    size = len(h)
    module = [unit * 6 // size for unit in range(size)]
    new = []
    for k in range(size):
        visible = [h[j] if module[j] >= module[k] else 0.0 for j in range(size)]
        due = time[k] % 2 ** module[k] == 0
        new.append(math.tanh(both(w, k, x, visible)) if due else h[k])
    return (new, [(t + 1) % 32 for t in time]), {}


def scrn(w, x, state):
    size = len(state[0])
    fast = size - size // 4
    h, s = state[0][:fast], state[0][fast:]
    s = [0.05 * of_input(w, fast + k, x) + 0.95 * old for k, old in enumerate(s)]
    h = [sigmoid(of_input(w, k, x) + of_state(w, k, [*h, *s])) for k in range(fast)]
    return ([*h, *s],), {}


def gru(w, x, state):
    (h,) = state
    size = len(h)
    reset = [sigmoid(both(w, k, x, h)) for k in range(size)]
    update = [sigmoid(both(w, size + k, x, h)) for k in range(size)]
    new = []
    for k, (r, u) in enumerate(zip(reset, update, strict=True)):
        row = 2 * size + k
        new.append((1 - u) * math.tanh(of_input(w, row, x) + r * of_state(w, row, h)) + u * h[k])
    return (new,), {"reset": reset, "update": update}


def mgu(w, x, state):
    (h,) = state
    size = len(h)
    f = [sigmoid(both(w, k, x, h)) for k in range(size)]
    seen = [a * b for a, b in zip(f, h, strict=True)]
    n = [math.tanh(both(w, size + k, x, seen)) for k in range(size)]
    return ([(1 - f[k]) * h[k] + f[k] * n[k] for k in range(size)],), {"forget": f}


def positive(x):
    return x + 0.5 if x >= 0 else sigmoid(x)


def mingru(w, x, state):
    (h,) = state
    size = len(h)
    u = [sigmoid(of_input(w, k, x)) for k in range(size)]
    n = [positive(of_input(w, size + k, x)) for k in range(size)]
    return ([(1 - u[k]) * h[k] + u[k] * n[k] for k in range(size)],), {"update": u}


def minlstm(w, x, state):
    (h,) = state
    size = len(h)
    new, keep = [], []
    for k in range(size):
        f, i = sigmoid(of_input(w, k, x)), sigmoid(of_input(w, size + k, x))
        new.append((f * h[k] + i * positive(of_input(w, 2 * size + k, x))) / (f + i))
        keep.append(f / (f + i))
    return (new,), {"forget": keep}


def memory_cell(w, x, h, c, peephole=None):
    """An LSTM's equations, with peepholes to i, f and o if there are any."""
    size = len(c)
    p = peephole or [0.0] * (3 * size)
    new, memory, gates = [], [], {"input": [], "forget": [], "output": []}
    for k in range(size):
        i = sigmoid(both(w, k, x, h) + p[k] * c[k])
        f = sigmoid(both(w, size + k, x, h) + p[size + k] * c[k])
        memory.append(f * c[k] + i * math.tanh(both(w, 2 * size + k, x, h)))
        o = sigmoid(both(w, 3 * size + k, x, h) + p[2 * size + k] * memory[k])
        new.append(o * math.tanh(memory[k]))
        for name, gate in zip(gates, (i, f, o), strict=True):
            gates[name].append(gate)
    return (new, memory), gates


def lstm(w, x, state):
    return memory_cell(w, x, *state)


def peephole(w, x, state):
    return memory_cell(w, x, *state, w["peephole"])


def mlstm(w, x, state):
    h, c = state
    first = 4 * len(h)
    m = [of_input(w, first + k, x) * of_state(w, first + k, h) for k in range(len(h))]
    return memory_cell(w, x, m, c)


def mogrifier(w, x, state):
    h, c = state
    for number in range(5):
        matrix = w[f"weight_{number}"]
        if number % 2 == 0:
            x = [2 * sigmoid(dot(row, h)) * old for row, old in zip(matrix, x, strict=True)]
        else:
            h = [2 * sigmoid(dot(row, x)) * old for row, old in zip(matrix, h, strict=True)]
    return memory_cell(w, x, h, c)


PAPERS = {
    "lstm": lstm,
    "gru": gru,
    "elman": elman,
    "relu": relu,
    "irnn": relu,
    "jordan": jordan,
    "full": full,
    "peephole": peephole,
    "clockwork": clockwork,
    "scrn": scrn,
    "mgu": mgu,
    "mingru": mingru,
    "minlstm": minlstm,
    "mlstm": mlstm,
    "mogrifier": mogrifier,
}
