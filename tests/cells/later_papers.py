"""The equations of Griffin, Mamba, RWKV-4 and xLSTM, as `papers` has those of older cells."""

import math

from tests.cells.papers import both, dot, of_input, sigmoid


def product(matrix, x):
    return [dot(row, x) for row in matrix]


def softplus(x):
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


def silu(x):
    return x * sigmoid(x)


def convolved(w, u, past):
    """The convolution of rows u, u of the step before, and so on."""
    size, rows = len(u), [u, *past]
    return [
        w["bias_conv"][k] + sum(w["conv"][tap * size + k] * rows[tap][k] for tap in range(4))
        for k in range(size)
    ]


def rglru(w, x, state):
    _, c, *past = state
    size = len(c)
    u = [of_input(w, k, x) for k in range(size)]
    seen = convolved(w, u, past)
    gates = [sigmoid(dot(row, seen) + b) for row, b in zip(w["weight_gates"], w["bias_gates"],
                                                           strict=True)]  # fmt: skip
    r, i = gates[:size], gates[size:]
    memory, shown = [], []
    for k in range(size):
        a = math.exp(-max(1e-6, 8 * r[k] * softplus(w["decay"][k])))
        memory.append(a * c[k] + math.sqrt(1 - a * a) * i[k] * seen[k])
        y = of_input(w, size + k, x)
        gelu = 0.5 * y * (1 + math.tanh(math.sqrt(2 / math.pi) * (y + 0.044715 * y**3)))
        shown.append(memory[k] * gelu)
    after = (product(w["weight_out"], shown), memory, u, *past[:2])
    return after, {"recurrence": r, "input": i}


def mamba(w, x, state):
    _, s, *past = state
    size, n = len(past[0]), len(s) // len(past[0])
    u = [of_input(w, k, x) for k in range(size)]
    seen = [silu(value) for value in convolved(w, u, past)]
    selected = product(w["weight_select"], seen)
    rank = len(selected) - 2 * n
    low, b, c = selected[:rank], selected[rank : rank + n], selected[rank + n :]
    new, shown = [], []
    for k in range(size):
        step = softplus(dot(w["weight_step"][k], low) + w["bias_step"][k])
        row = [
            math.exp(-step * math.exp(w["log_decay"][k * n + j])) * s[k * n + j]
            + step * seen[k] * b[j]
            for j in range(n)
        ]
        new += row
        shown.append((dot(row, c) + w["skip"][k] * seen[k]) * silu(of_input(w, size + k, x)))
    return (product(w["weight_out"], shown), new, u, *past[:2]), {}


def mixed(shares, now, before):
    return [m * a + (1 - m) * b for m, a, b in zip(shares, now, before, strict=True)]


def rwkv(w, x, state):
    """The sums are carried as they are; those of the state before are divided by exp(m)."""
    _, a, n, m, last, before = state
    size, inputs = len(a), len(x)
    blocks, later = [], []
    for row in range(3 * size):
        shares = w["mix"][row // size * inputs :][:inputs]
        now = [m * value for m, value in zip(shares, x, strict=True)]
        rest = [(1 - m) * value for m, value in zip(shares, x, strict=True)]
        blocks.append(of_input(w, row, now) + last[row])
        later.append(dot(w["weight_ih"][row], rest))
    k, v, r = blocks[:size], blocks[size : 2 * size], blocks[2 * size :]
    r = [sigmoid(value) for value in r]
    means, sums, weights, tops = [], [], [], []
    for j in range(size):
        a_true, n_true = a[j] * math.exp(m[j]), n[j] * math.exp(m[j])
        own = math.exp(k[j] + w["bonus"][j])
        means.append((a_true + own * v[j]) / (n_true + own))
        decay = math.exp(-math.exp(w["decay"][j]))
        top = max(m[j] - math.exp(w["decay"][j]), k[j])
        sums.append((decay * a_true + math.exp(k[j]) * v[j]) / math.exp(top))
        weights.append((decay * n_true + math.exp(k[j])) / math.exp(top))
        tops.append(top)
    y = product(w["weight_out"], [a * b for a, b in zip(r, means, strict=True)])
    root = math.sqrt(dot(y, y) / size + 1e-6)
    seen = [value / root * scale for value, scale in zip(y, w["scale"], strict=True)]
    for_key, for_gate = w["channel_mix"][:size], w["channel_mix"][size:]
    key = product(w["weight_key"], mixed(for_key, seen, before))
    value = product(w["weight_value"], [max(0.0, number) ** 2 for number in key])
    gate = product(w["weight_receptance"], mixed(for_gate, seen, before))
    h = [a + sigmoid(g) * b for a, g, b in zip(y, gate, value, strict=True)]
    return (h, sums, weights, tops, later, seen), {"receptance": r}


def slstm(w, x, state):
    h, c, n, m = state
    size = len(h)
    after, gates = ([], [], [], []), {"forget": [], "output": []}
    for k in range(size):
        i, f, g, o = (both(w, block * size + k, x, h) for block in range(4))
        keep = sigmoid(f) * math.exp(m[k])
        top = max(m[k] + math.log(sigmoid(f)), i)
        memory = (keep * c[k] + math.exp(i) * math.tanh(g)) / math.exp(top)
        weight = (keep * n[k] + math.exp(i)) / math.exp(top)
        new = sigmoid(o) * memory / weight
        for array, number in zip(after, (new, memory, weight, top), strict=True):
            array.append(number)
        gates["forget"].append(sigmoid(f))
        gates["output"].append(sigmoid(o))
    return after, gates


def xlstm(w, x, state):
    """C, n and m of each head in turn: matrices of (values, keys), divided by exp(m)."""
    _, c, n, m, *past = state
    size, heads = len(n), len(m)
    d = size // heads
    qk = [of_input(w, j, x) for j in range(2 * size)]
    seen = [silu(number) for number in convolved(w, qk, past)]
    q, k = seen[:size], seen[size:]
    v, o = ([of_input(w, block * size + j, x) for j in range(size)] for block in (2, 3))
    o = [sigmoid(number) for number in o]
    numbers = [
        dot(row, x) + b for row, b in zip(w["weight_gates"], w["bias_gates"], strict=True)
    ]  # fmt: skip
    new_c, new_n, new_m, shown = [], [], [], []
    for head in range(heads):
        write, keep = numbers[head], sigmoid(numbers[heads + head])
        top = max(m[head] + math.log(keep), write, 0.0)
        keep, write = keep * math.exp(m[head] - top), math.exp(write - top)
        own = slice(head * d, head * d + d)
        query, key = q[own], [number / math.sqrt(d) for number in k[own]]
        counts = [keep * a + write * b for a, b in zip(n[own], key, strict=True)]
        rows = []
        for j, value in enumerate(v[own]):
            old = c[(head * d + j) * d :][:d]
            rows.append([keep * a + write * value * b for a, b in zip(old, key, strict=True)])
        divisor = max(abs(dot(counts, query)), math.exp(-top)) + 1e-6
        y = [dot(row, query) / divisor for row in rows]
        root = math.sqrt(dot(y, y) / d + 1e-6)
        shown += [a / root * scale for a, scale in zip(y, w["scale"][own], strict=True)]
        new_c += [number for row in rows for number in row]
        new_n += counts
        new_m.append(top)
    gated = [a * b for a, b in zip(o, shown, strict=True)]
    return (product(w["weight_out"], gated), new_c, new_n, new_m, qk, *past[:2]), {"output": o}


LATER_PAPERS = {"rglru": rglru, "mamba": mamba, "rwkv": rwkv, "slstm": slstm, "xlstm": xlstm}
