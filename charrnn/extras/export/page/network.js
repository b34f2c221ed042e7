"use strict";
// The network: node after node of a graph that `charrnn export` has traced. graph.py says what each
// operation does. Nothing here needs a page, so that tests can run it by itself.

// Math.exp, Math.tanh and Math.log may differ in the last digit between browsers. A draw then
// falls otherwise once in a while, and the rest of a text with it. So here they are made of
// sums and products, which are the same everywhere.
const LN2_HIGH = 0.693147180369123816490; // its product with a whole number is exact
const LN2_LOW = 1.90821492927058770002e-10;

const POWERS_OF_2 = (() => {
  const powers = new Float64Array(2200); // 2 ** (i - 1100)
  powers[1100] = 1;
  for (let i = 1101; i < 2200; i++) powers[i] = powers[i - 1] * 2;
  for (let i = 1099; i >= 0; i--) powers[i] = powers[i + 1] / 2;
  return powers;
})();

const TAYLOR = new Float64Array(14).fill(1); // 1 / n!
for (let n = 1; n < 14; n++) TAYLOR[n] = TAYLOR[n - 1] / n;

function exp(x) {
  if (x > 709) return Infinity;
  if (!(x > -745)) return x !== x ? x : 0; // what is not a number stays so, to be noticed
  const k = Math.round(x * 1.4426950408889634);
  const r = x - k * LN2_HIGH - k * LN2_LOW; // at most 0.35, where Taylor's series is short
  let sum = 0;
  for (let n = 13; n >= 0; n--) sum = sum * r + TAYLOR[n];
  return sum * POWERS_OF_2[k + 1100];
}

function tanh(x) {
  if (x > 20) return 1;
  if (x < -20) return -1;
  const e = exp(2 * x);
  return (e - 1) / (e + 1);
}

function sigmoid(x) {
  return 0.5 * tanh(0.5 * x) + 0.5;
}

// log(1 + exp(x)).
function softplus(x) {
  const y = exp(-Math.abs(x)); // log(1 + y) = 2 artanh(y / (2 + y))
  const s = y / (2 + y), square = s * s;
  let sum = 0;
  for (let n = 27; n > 0; n -= 2) sum = sum * square + 1 / n;
  return (x > 0 ? x : 0) + 2 * s * sum;
}

// The number that 16 bits stand for: IEEE 754 binary16.
function half(bits) {
  const exponent = (bits >> 10) & 31, fraction = bits & 1023;
  const size = exponent === 0
    ? fraction * POWERS_OF_2[1100 - 24]
    : (1024 + fraction) * POWERS_OF_2[1100 + exponent - 25];
  return bits & 0x8000 ? -size : size;
}

// {graph: {name: {data: Float32Array, shape}}} from the list of weights and their bytes. Numbers are
// read byte by byte from low to high, whichever order the machine has.
function readWeights(list, bytes) {
  const view = new DataView(bytes.buffer), found = {};
  let at = 0;
  const numbers = (count, size, read) => {
    const start = at;
    at += count * size;
    return Float32Array.from({ length: count }, (_, i) => read(start + i * size));
  };
  const float = (place) => view.getFloat32(place, true);
  for (const { graph, name, shape, kind } of list) {
    const count = sizeOf(shape), scales = kind === "int8" ? numbers(shape[0], 4, float) : null;
    const data = kind === "fp32" ? numbers(count, 4, float)
      : kind === "fp16" ? numbers(count, 2, (place) => half(view.getUint16(place, true)))
      : numbers(count, 1, (place) => view.getInt8(place));
    scales?.forEach((scale, row) => { // of each row
      for (let i = (row * count) / shape[0]; i < ((row + 1) * count) / shape[0]; i++) data[i] *= scale;
    });
    (found[graph] ||= {})[name] = { data, shape };
  }
  return found;
}

function sizeOf(shape) {
  return shape.reduce((size, side) => size * side, 1);
}

// out = weight x. Four sums side by side, because each addition waits for the one before it; in 32
// bits, which saves the way to 64 and back.
function matmul(x, data, out) {
  const f = Math.fround, rows = out.length, columns = x.length, whole = columns - (columns % 4);
  for (let row = 0; row < rows; row++) {
    const at = row * columns;
    let a = f(0), b = f(0), c = f(0), d = f(0);
    for (let i = 0; i < whole; i += 4) {
      a = f(a + f(data[at + i] * x[i]));
      b = f(b + f(data[at + i + 1] * x[i + 1]));
      c = f(c + f(data[at + i + 2] * x[i + 2]));
      d = f(d + f(data[at + i + 3] * x[i + 3]));
    }
    for (let i = whole; i < columns; i++) a = f(a + f(data[at + i] * x[i]));
    out[row] = f(f(a + b) + f(c + d));
  }
}

const FUNCTIONS = {
  tanh,
  sigmoid,
  softplus,
  exp,
  sqrt: Math.sqrt,
  abs: Math.abs,
  negative: (a) => -a,
  add: (a, b) => a + b,
  subtract: (a, b) => a - b,
  multiply: (a, b) => a * b,
  divide: (a, b) => a / b,
  remainder: (a, b) => a % b,
  maximum: (a, b) => (a > b ? a : b),
  greater: (a, b) => (a > b ? 1 : 0),
  greater_equal: (a, b) => (a >= b ? 1 : 0),
  equal: (a, b) => (a === b ? 1 : 0),
  where: (condition, a, b) => (condition ? a : b),
};

// What cells with large states do most beside products has a loop of its own, without calls.
const LOOPS = {
  add: (a, b, out) => {
    for (let i = 0; i < out.length; i++) out[i] = a[i] + b[i];
  },
  multiply: (a, b, out) => {
    for (let i = 0; i < out.length; i++) out[i] = a[i] * b[i];
  },
};

// How far apart the neighbours along each axis of an array lie.
function stridesOf(shape) {
  return shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
}

// For each number of an array of `shape`, where it comes from: `strides` by axis, 0 to repeat.
function places(shape, strides, start = 0) {
  const found = new Int32Array(sizeOf(shape)), index = shape.map(() => 0);
  for (let n = 0, at = start; n < found.length; n++) {
    found[n] = at;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += strides[axis];
      if (++index[axis] < shape[axis]) break;
      at -= strides[axis] * shape[axis];
      index[axis] = 0;
    }
  }
  return found;
}

// The same for an array that is repeated to another shape, as NumPy broadcasts.
function repeated(from, shape) {
  const strides = stridesOf(from), missing = shape.length - from.length;
  return places(shape, shape.map((_, axis) =>
    (axis < missing || from[axis - missing] === 1 ? 0 : strides[axis - missing])));
}

// A function that computes an element-wise node; an array of one element goes with all.
function elementwise(operation, inputs, shape, out) {
  const f = FUNCTIONS[operation], loop = LOOPS[operation];
  const [a, b, c] = inputs.map((input) => input.data);
  if (loop && inputs.every(({ data }) => data.length === out.length)) return () => loop(a, b, out);
  if (inputs.every(({ data }) => data.length === 1 || data.length === out.length)) {
    const [i, j, k] = inputs.map(({ data }) => (data.length === 1 ? 0 : 1));
    if (!c) return () => {
      for (let n = 0; n < out.length; n++) out[n] = f(a[n * i], b ? b[n * j] : 0);
    };
    return () => {
      for (let n = 0; n < out.length; n++) out[n] = f(a[n * i], b[n * j], c[n * k]);
    };
  }
  const [i, j, k] = inputs.map((input) => repeated(input.shape, shape));
  return () => {
    for (let n = 0; n < out.length; n++) out[n] = f(a[i[n]], b[j[n]], c ? c[k[n]] : 0);
  };
}

// A function that computes a node, by its operation: of its inputs, shape, options and `out`.
const OPERATIONS = {
  gather([table, ids], shape, options, out) {
    const columns = sizeOf(table.shape.slice(1));
    return () => {
      for (let n = 0; n < ids.data.length; n++) {
        out.set(table.data.subarray(ids.data[n] * columns, (ids.data[n] + 1) * columns), n * columns);
      }
    };
  },
  linear([x, weight], shape, options, out) {
    const [rows, columns] = weight.shape.slice(-2), count = out.length / rows;
    const vectors = Array.from({ length: count }, (_, n) => { // views of all three
      const matrix = Math.floor((n / count) * (weight.data.length / rows / columns)) * rows * columns;
      return [x.data.subarray(n * columns, (n + 1) * columns),
        weight.data.subarray(matrix, matrix + rows * columns), out.subarray(n * rows, (n + 1) * rows)];
    });
    return () => {
      for (const [from, matrix, to] of vectors) matmul(from, matrix, to);
    };
  },
  concat(inputs, shape, { axis }, out) {
    const inner = sizeOf(shape.slice(axis));
    return () => {
      let at = 0;
      for (const { data, shape: own } of inputs) {
        const part = sizeOf(own.slice(axis));
        for (let n = 0; n * part < data.length; n++) {
          out.set(data.subarray(n * part, (n + 1) * part), n * inner + at);
        }
        at += part;
      }
    };
  },
  slice([x], shape, { axis, start }, out) {
    const strides = stridesOf(x.shape);
    return indexed(x, places(shape, strides, start * strides[axis]), out);
  },
  permute([x], shape, { perm }, out) {
    const strides = stridesOf(x.shape);
    return indexed(x, places(shape, perm.map((axis) => strides[axis])), out);
  },
  expand: ([x], shape, options, out) => indexed(x, repeated(x.shape, shape), out),
  range(inputs, shape, options, out) {
    return () => {
      for (let n = 0; n < out.length; n++) out[n] = n;
    };
  },
  sum: (inputs, shape, options, out) => reduction(inputs[0], options.axis, out, 0, (a, b) => a + b),
  max: (inputs, shape, options, out) =>
    reduction(inputs[0], options.axis, out, -Infinity, (a, b) => (a > b ? a : b)),
};

function indexed(x, from, out) {
  return () => {
    for (let n = 0; n < out.length; n++) out[n] = x.data[from[n]];
  };
}

function reduction(x, axis, out, first, f) {
  const inner = sizeOf(x.shape.slice(axis + 1)), count = x.shape[axis];
  return () => {
    for (let n = 0; n < out.length; n++) {
      const from = Math.floor(n / inner) * count * inner + (n % inner);
      let found = first;
      for (let i = 0; i < count; i++) found = f(found, x.data[from + i * inner]);
      out[n] = found;
    }
  };
}

// A graph that is ready to be run, for inputs of certain sizes.
class Program {
  // `graph` as page_graphs.py writes it; `sizes` of what its shapes name. All arrays are made here.
  constructor(graph, weights, sizes = {}) {
    Object.assign(this, { weights, sizes });
    this.arrays = { ...weights };
    this.inputs = {};
    for (const [name, shape] of Object.entries(graph.inputs)) this.inputs[name] = this._array(name, shape).data;
    this.steps = graph.nodes.map((node) => this._compiled(...node));
    this.outputs = {};
    for (const [name, inner] of Object.entries(graph.outputs)) this.outputs[name] = this.arrays[inner].data;
    this.carried = graph.carried.map((pair) => pair.map((name) => this.arrays[name].data));
    this.held = this.carried.map(([before]) => before.slice());
  }

  _array(name, shape) {
    const sides = shape.map((side) =>
      (Array.isArray(side) ? side[0] * this.sizes[side[1]] : side)); // [2, "length"]: twice as long
    return (this.arrays[name] = { data: new Float32Array(sizeOf(sides)), shape: sides });
  }

  _compiled(operation, names, output, shape, options, body) {
    const inputs = names.map((name) =>
      (typeof name === "number" ? { data: Float32Array.of(name), shape: [] } : this.arrays[name]));
    const out = this._array(output, shape);
    if (operation === "reshape" || operation === "cast") {
      out.data = inputs[0].data; // the same numbers
      return () => {};
    }
    if (operation === "scan") return this._scan(inputs, out, options.last, body);
    if (FUNCTIONS[operation]) return elementwise(operation, inputs, out.shape, out.data);
    return OPERATIONS[operation](inputs, out.shape, options, out.data);
  }

  // A loop over the first axis of x, with a state.
  _scan([x, ...state], out, last, body) {
    const inner = new Program(body, this.weights, this.sizes), [z] = Object.values(inner.inputs);
    const arrays = inner.carried.map(([before]) => before);
    last.forEach((name, i) => (this.arrays[name] = { data: arrays[i], shape: state[i].shape }));
    return () => {
      arrays.forEach((array, i) => array.set(state[i].data));
      for (let step = 0; step < out.shape[0]; step++) {
        z.set(x.data.subarray(step * z.length, (step + 1) * z.length));
        inner.step();
        out.data.set(arrays[0], step * arrays[0].length);
      }
    };
  }

  // The outputs, for inputs by their names: those that are not given stay as they are.
  run(inputs = {}) {
    for (const [name, numbers] of Object.entries(inputs)) this.inputs[name].set(numbers);
    for (const run of this.steps) run();
    return this.outputs;
  }

  // Before a sequence: a state of zeros.
  reset() {
    for (const [before] of this.carried) before.fill(0);
  }

  // The next state becomes the state: all at once, for it may itself be a part of the state.
  carry() {
    this.held.forEach((array, i) => array.set(this.carried[i][1]));
    this.held.forEach((array, i) => this.carried[i][0].set(array));
  }

  // The outputs of one step, which the next one overwrites.
  step(inputs) {
    this.run(inputs);
    this.carry();
    return this.outputs;
  }
}
