"use strict";
// Pictures as numbers, as charrnn/text/pictures.py makes them: shades of grey in one size.

// Shades of grey from 0 to 255 of RGBA, what is transparent in white.
function greyOf({ width, height, data }) {
  const shades = new Float64Array(width * height);
  for (let i = 0; i < shades.length; i++) {
    const alpha = data[4 * i + 3] / 255;
    const [r, g, b] = [0, 1, 2].map((c) => Math.round(data[4 * i + c] * alpha + 255 * (1 - alpha)));
    shades[i] = (r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16;
  }
  return { width, height, shades };
}

// Each of `to` numbers as a mean of its neighbours among `from`, weighed by their distance.
function resampling(from, to) {
  const scale = from / to, reach = Math.max(1, scale);
  return Array.from({ length: to }, (_, i) => {
    const centre = (i + 0.5) * scale;
    const first = Math.max(0, Math.round(centre - reach)), end = Math.min(from, Math.round(centre + reach));
    const weights = [];
    for (let x = first; x < end; x++) weights.push(Math.max(0, 1 - Math.abs(x + 0.5 - centre) / reach));
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return { first, weights: weights.map((weight) => weight / sum) };
  });
}

function resized({ width, height, shades }, toWidth, toHeight) {
  const across = new Float64Array(toWidth * height), out = new Float64Array(toWidth * toHeight);
  resampling(width, toWidth).forEach(({ first, weights }, x) => {
    for (let y = 0; y < height; y++) {
      across[y * toWidth + x] = Math.round(
        weights.reduce((sum, weight, i) => sum + weight * shades[y * width + first + i], 0));
    }
  });
  resampling(height, toHeight).forEach(({ first, weights }, y) => {
    for (let x = 0; x < toWidth; x++) {
      out[y * toWidth + x] = Math.round(
        weights.reduce((sum, weight, i) => sum + weight * across[(first + i) * toWidth + x], 0));
    }
  });
  return { width: toWidth, height: toHeight, shades: out };
}

// A picture in the middle of another size, its sides in proportion, on the colour of its border.
function fitted(grey, height, width) {
  const factor = Math.min(height / grey.height, width / grey.width);
  const side = (length) => Math.max(1, Math.round(length * factor));
  const inner = resized(grey, side(grey.width), side(grey.height));
  const border = [];
  for (let x = 0; x < inner.width; x++) {
    border.push(inner.shades[x], inner.shades[(inner.height - 1) * inner.width + x]);
  }
  for (let y = 0; y < inner.height; y++) {
    border.push(inner.shades[y * inner.width], inner.shades[(y + 1) * inner.width - 1]);
  }
  border.sort((a, b) => a - b);
  const half = border.length / 2; // an even number
  const shades = new Float64Array(height * width).fill(Math.floor((border[half - 1] + border[half]) / 2));
  const top = (height - inner.height) >> 1, left = (width - inner.width) >> 1;
  for (let y = 0; y < inner.height; y++) {
    const row = inner.shades.subarray(y * inner.width, (y + 1) * inner.width);
    shades.set(row, (top + y) * width + left);
  }
  return { width, height, shades };
}

// The numbers that the network reads: -1 is black, 1 is white.
function numbersOf({ shades }) {
  return Float32Array.from(shades, (shade) => (shade - 127.5) / 127.5);
}
