"use strict";
// The network: weights out of base64, and one step of it, node after node of the graph that
// `charrnn export` has traced. Nothing here needs a page, so that tests can run it by itself.

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

function logaddexp(a, b) {
  const most = a > b ? a : b;
  if (most === -Infinity) return most;
  const y = exp(-Math.abs(a - b)); // log(1 + y) = 2 artanh(y / (2 + y))
  const s = y / (2 + y), square = s * s;
  let sum = 0;
  for (let n = 27; n > 0; n -= 2) sum = sum * square + 1 / n;
  return most + 2 * s * sum;
}

// Bytes of base64. `atob` would do, but not every JavaScript engine has it.
function base64Bytes(text) {
  const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const values = new Uint8Array(128);
  for (let i = 0; i < 64; i++) values[digits.charCodeAt(i)] = i;
  let length = text.length;
  while (length > 0 && text[length - 1] === "=") length--;
  const bytes = new Uint8Array(Math.floor((length * 3) / 4));
  for (let i = 0, to = 0; i < length; i += 4) {
    let four = 0;
    for (let j = 0; j < 4; j++) {
      four = (four << 6) | (i + j < length ? values[text.charCodeAt(i + j)] : 0);
    }
    bytes[to++] = four >> 16; // a write behind the end is lost, which is meant
    bytes[to++] = four >> 8;
    bytes[to++] = four;
  }
  return bytes;
}

// The number that 16 bits stand for: IEEE 754 binary16.
function half(bits) {
  const exponent = (bits >> 10) & 31, fraction = bits & 1023;
  const size = exponent === 0
    ? fraction * POWERS_OF_2[1100 - 24]
    : (1024 + fraction) * POWERS_OF_2[1100 + exponent - 25];
  return bits & 0x8000 ? -size : size;
}

// {name: {array: Float32Array, rows, columns}} from the list of weights and their bytes. Numbers
// are read byte by byte from low to high, whichever order the machine has.
function readWeights(list, base64) {
  const bytes = base64Bytes(base64);
  const view = new DataView(bytes.buffer);
  let halves = null, at = 0;
  const found = {};
  for (const { name, shape, kind } of list) {
    const rows = shape.length > 1 ? shape[0] : 1, columns = shape[shape.length - 1];
    const array = new Float32Array(rows * columns);
    if (kind === "fp16") {
      halves = halves || Float32Array.from({ length: 65536 }, (_, bits) => half(bits));
      for (let i = 0; i < array.length; i++, at += 2) array[i] = halves[view.getUint16(at, true)];
    } else if (kind === "int8") {
      const numbers = at + 4 * rows; // the scale of each row, then the rows
      for (let i = 0; i < array.length; i++) {
        const scale = view.getFloat32(at + 4 * Math.floor(i / columns), true);
        array[i] = view.getInt8(numbers + i) * scale;
      }
      at = numbers + array.length;
    } else {
      for (let i = 0; i < array.length; i++, at += 4) array[i] = view.getFloat32(at, true);
    }
    found[name] = { array, rows, columns };
  }
  return found;
}

// out = weight x. Four sums side by side, because each addition waits for the one before it; in
// 32 bits, which saves the way to 64 and back.
function matmul(x, weight, out) {
  const { array, rows, columns } = weight;
  const f = Math.fround, whole = columns - (columns % 4);
  for (let row = 0; row < rows; row++) {
    const at = row * columns;
    let a = f(0), b = f(0), c = f(0), d = f(0);
    for (let i = 0; i < whole; i += 4) {
      a = f(a + f(array[at + i] * x[i]));
      b = f(b + f(array[at + i + 1] * x[i + 1]));
      c = f(c + f(array[at + i + 2] * x[i + 2]));
      d = f(d + f(array[at + i + 3] * x[i + 3]));
    }
    for (let i = whole; i < columns; i++) a = f(a + f(array[at + i] * x[i]));
    out[row] = f(f(a + b) + f(c + d));
  }
}

const FUNCTIONS = {
  tanh,
  exp,
  sqrt: Math.sqrt, // which is rounded alike everywhere
  abs: Math.abs,
  logaddexp,
  maximum: (a, b) => (a > b ? a : b),
  negative: (a) => -a,
  add: (a, b) => a + b,
  subtract: (a, b) => a - b,
  multiply: (a, b) => a * b,
  divide: (a, b) => a / b,
  remainder: (a, b) => a % b,
  greater: (a, b) => (a > b ? 1 : 0),
  greater_equal: (a, b) => (a >= b ? 1 : 0),
  equal: (a, b) => (a === b ? 1 : 0),
  where: (condition, a, b) => (condition ? a : b),
};

// What nearly all time beside products goes to has a loop of its own, without calls.
const LOOPS = {
  tanh: (a, out) => {
    for (let i = 0; i < out.length; i++) out[i] = tanh(a[i]);
  },
  add: (a, out, b) => {
    for (let i = 0; i < out.length; i++) out[i] = a[i] + b[i];
  },
  multiply: (a, out, b) => {
    for (let i = 0; i < out.length; i++) out[i] = a[i] * b[i];
  },
};

// Each `group` of numbers that follow each other, again and again, until `out` is full.
function repeat(x, group, out) {
  const times = out.length / x.length;
  for (let from = 0, to = 0; from < x.length; from += group) {
    for (let copy = 0; copy < times; copy++) {
      for (let i = 0; i < group; i++) out[to++] = x[from + i];
    }
  }
}

// The sum of each `group` of numbers that follow each other.
function groupSums(x, group, out) {
  for (let to = 0, from = 0; to < out.length; to++) {
    let sum = 0;
    for (let i = 0; i < group; i++) sum += x[from++];
    out[to] = sum;
  }
}

// A function that computes an element-wise node; an array of one element goes with all.
function elementwise(operation, inputs, out) {
  const f = FUNCTIONS[operation], loop = LOOPS[operation];
  const [a, b, c] = inputs;
  if (loop && inputs.every((input) => input.length === out.length)) return () => loop(a, out, b);
  const [i, j, k] = inputs.map((input) => (input.length === 1 ? 0 : 1));
  if (inputs.length < 3) {
    return () => {
      for (let n = 0; n < out.length; n++) out[n] = f(a[n * i], b ? b[n * j] : 0);
    };
  }
  return () => {
    for (let n = 0; n < out.length; n++) out[n] = f(a[n * i], b[n * j], c[n * k]);
  };
}

class Network {
  // `graph` as html_page.py writes it. All arrays are made once, here.
  constructor(graph, weights) {
    this.arrays = {};
    this.weights = weights;
    for (const [name, weight] of Object.entries(weights)) this.arrays[name] = weight.array;
    const names = graph.state.flat();
    for (const layer of graph.state) {
      layer.forEach((name, i) => (this.arrays[name] = new Float32Array(graph.sizes[i])));
    }
    this.id = 0;
    this.run = graph.nodes.map((node) => this._compiled(node));
    this.logits = this.arrays[graph.logits];
    this.state = names.map((name) => this.arrays[name]);
    this.after = graph.next.flat().map((name) => this.arrays[name]);
    this.held = this.state.map((array) => new Float32Array(array.length));
  }

  _compiled([operation, inputs, output, size, start, group]) {
    const out = (this.arrays[output] = new Float32Array(size));
    if (operation === "gather") {
      const { array, columns } = this.weights[inputs[0]];
      return () => out.set(array.subarray(this.id * columns, (this.id + 1) * columns));
    }
    const arrays = inputs.map((input) =>
      typeof input === "number" ? Float32Array.of(input) : this.arrays[input]);
    if (operation === "matmul") {
      const weight = this.weights[inputs[1]];
      return () => matmul(arrays[0], weight, out);
    }
    if (operation === "slice") return () => out.set(arrays[0].subarray(start, start + size));
    if (operation === "concat") {
      return () => {
        let at = 0;
        for (const array of arrays) {
          out.set(array, at);
          at += array.length;
        }
      };
    }
    if (operation === "repeat") return () => repeat(arrays[0], group, out);
    if (operation === "group_sums") return () => groupSums(arrays[0], group, out);
    return elementwise(operation, arrays, out);
  }

  // Before a text: a state of zeros.
  reset() {
    for (const array of this.state) array.fill(0);
  }

  // Read a token. The logits of the next one, which the next step overwrites.
  step(id) {
    this.id = id;
    for (const run of this.run) run();
    // What comes after may itself be a part of the state, so all of it is copied before any is.
    this.held.forEach((array, i) => array.set(this.after[i]));
    this.state.forEach((array, i) => array.set(this.held[i]));
    return this.logits;
  }
}
