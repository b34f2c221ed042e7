"use strict";
// Sound as numbers, as charrnn/text/sound.py makes them: logarithms of the energy in mel bands.

const BANDS = 40, HOP = 0.01, WINDOW = 0.025; // seconds from one frame to the next, and of each
const QUIETEST = 1e-10; // energy of the least that 16 bits can hold
const FARTHEST = 100; // standard deviations from the mean at most
const SPLIT = 8193; // 2 ** 13 + 1: a product with it parts 11 bits of 24 from the others

// The Fourier transform of `real` and `imaginary`, in place; their length is a power of 2.
function fourier(real, imaginary) {
  const size = real.length;
  for (let i = 1, j = 0; i < size; i++) {
    let bit = size >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) for (const x of [real, imaginary]) [x[i], x[j]] = [x[j], x[i]];
  }
  for (let step = 1; step < size; step *= 2) {
    for (let k = 0; k < step; k++) {
      const re = Math.cos((Math.PI * k) / step), im = -Math.sin((Math.PI * k) / step);
      for (let i = k; i < size; i += 2 * step) {
        const j = i + step;
        const a = real[j] * re - imaginary[j] * im, b = real[j] * im + imaginary[j] * re;
        [real[j], imaginary[j]] = [real[i] - a, imaginary[i] - b];
        real[i] += a;
        imaginary[i] += b;
      }
    }
  }
}

// Triangles over the frequencies of a spectrum that overlap by half, at equal distances in mel.
function melBands(rate, size) {
  const highest = Math.log10(1 + rate / 2 / 700);
  const corner = (i) => 700 * (10 ** ((highest * i) / (BANDS + 1)) - 1);
  return Array.from({ length: BANDS }, (_, band) => {
    const [low, middle, high] = [corner(band), corner(band + 1), corner(band + 2)];
    return Float64Array.from({ length: size / 2 + 1 }, (_, i) => {
      const frequency = (i * rate) / size;
      return Math.max(0, Math.min((frequency - low) / (middle - low), (high - frequency) / (high - middle)));
    });
  });
}

// To the nearest even number where two whole ones are as near, as Python rounds.
function rounded(x) {
  return Math.round(x) - (x % 1 === 0.5 && Math.round(x) % 2 ? 1 : 0);
}

// Rows of BANDS numbers, one every 10 ms.
function logMel(samples, rate) {
  const width = rounded(WINDOW * rate), hop = rounded(HOP * rate);
  const size = Math.max(512, 2 ** Math.ceil(Math.log2(width)));
  const bands = melBands(rate, size), real = new Float64Array(size), imaginary = new Float64Array(size);
  const hann = Float64Array.from({ length: width }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / width));
  const frames = Math.floor(Math.max(0, samples.length - width) / hop) + 1;
  const rows = new Float64Array(frames * BANDS);
  for (let frame = 0; frame < frames; frame++) {
    imaginary.fill(0);
    real.fill(0);
    for (let i = 0; i < width; i++) real[i] = (samples[frame * hop + i] || 0) * hann[i];
    fourier(real, imaginary);
    bands.forEach((band, number) => {
      let energy = 0;
      for (let i = 0; i < band.length; i++) energy += band[i] * (real[i] ** 2 + imaginary[i] ** 2);
      rows[frame * BANDS + number] = Math.log(Math.max(energy, QUIETEST));
    });
  }
  return rows;
}

// Each band with mean 0 and variance 1, in place.
function normalize(rows) {
  const count = rows.length / BANDS;
  for (let band = 0; band < BANDS; band++) {
    let sum = 0, squares = 0;
    for (let i = band; i < rows.length; i += BANDS) sum += rows[i];
    for (let i = band; i < rows.length; i += BANDS) squares += (rows[i] - sum / count) ** 2;
    const deviation = Math.max(Math.sqrt(squares / count), 1e-3);
    for (let i = band; i < rows.length; i += BANDS) rows[i] = (rows[i] - sum / count) / deviation;
  }
}

// What the network reads of samples: `stack` rows of bands at each of `length` positions.
function heard(samples, { rate, stack }) {
  const rows = logMel(samples, rate), length = Math.ceil(rows.length / BANDS / stack);
  normalize(rows);
  const numbers = new Float32Array(length * stack * BANDS); // zeros fill the last
  numbers.set(rows.map((x) => Math.max(-FARTHEST, Math.min(FARTHEST, x))));
  const f = Math.fround;
  numbers.forEach((x, i) => {
    const large = f(SPLIT * x);
    numbers[i] = f(large - f(large - x)); // in 16 bits, as a corpus has it
  });
  return { numbers, length };
}
