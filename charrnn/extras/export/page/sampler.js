"use strict";
// Drawing tokens as `charrnn sample` does: the same rules, with random numbers of its own.

const RECENT = 64; // tokens that a repetition penalty is for
const CANDIDATES = 8; // next tokens that a reader is shown

// Uniform numbers from 0 to 1 of a seed, the same in every browser: a counter whose bits are mixed
// (the finalizer of MurmurHash3, Appleby 2011). Two of them make one number of 53 bits.
function uniform(seed) {
  let counter = seed | 0;
  const mixed = () => {
    counter = (counter + 0x9e3779b9) | 0; // by the golden ratio: never soon back where it was
    let bits = counter;
    bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
    bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
    return (bits ^ (bits >>> 16)) >>> 0;
  };
  return () => ((mixed() >>> 5) * 67108864 + (mixed() >>> 6)) / 9007199254740992;
}

// exp(logits - the largest) and their sum, which is not finite where the model has diverged.
function exponentials(logits, out) {
  let top = -Infinity, sum = 0;
  for (const logit of logits) if (!(logit <= top)) top = logit; // takes what is not a number
  for (let i = 0; i < logits.length; i++) sum += out[i] = exp(logits[i] - top);
  return sum;
}

// The log-weights to draw by, in place: logits become at most 0 and -Infinity for what is left
// out. Temperature, then top-k, top-p and min-p. Temperature 0 leaves only the likeliest.
function choose(logits, temperature, { topK, topP, minP }) {
  let top = -Infinity;
  for (const logit of logits) if (logit > top) top = logit;
  const cold = temperature === 0;
  for (let i = 0; i < logits.length; i++) {
    logits[i] = cold ? logits[i] - top : (logits[i] - top) / temperature;
  }
  const most = cold ? 1 : topK || logits.length;
  if (most < logits.length || topP < 1) {
    const order = Array.from(logits.keys()).sort((a, b) => logits[b] - logits[a] || a - b);
    for (const id of order.slice(most)) logits[id] = -Infinity;
    if (topP < 1) {
      const weights = order.map((id) => exp(logits[id]));
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      let before = 0; // the likeliest token always stays
      order.forEach((id, rank) => {
        if (before >= topP * total) logits[id] = -Infinity;
        before += weights[rank];
      });
    }
  }
  if (minP > 0) {
    for (let i = 0; i < logits.length; i++) if (exp(logits[i]) < minP) logits[i] = -Infinity;
  }
}

// A text that is being written: first `read` until it says true, then `next` until `ended`.
class Writer {
  // `settings`: prompt, length, temperature, lastTemperature, topK, topP, minP, penalty, seed.
  constructor(program, tokenizer, settings) {
    Object.assign(this, { program, tokenizer, settings });
    const prompt = tokenizer.encode(settings.prompt);
    const begins = tokenizer.end !== null || !prompt.length;
    this.toRead = begins ? [...tokenizer.start, ...prompt] : prompt;
    this.recent = prompt.slice(-RECENT);
    this.random = uniform(settings.seed);
    this.decode = tokenizer.decoder();
    this.left = settings.length;
    this.done = 0; // characters, by which the temperature changes
    this.position = 0; // in the prompt
    this.state = 0; // within a character of UTF-8
    this.ended = settings.length > 0 ? null : "length";
    this.work = new Float64Array(tokenizer.size);
    this.plain = new Float64Array(tokenizer.size);
    program.reset();
  }

  // Read some more tokens of the prompt. Whether all of it has been read.
  read(most) {
    const last = Math.min(this.toRead.length, this.position + most);
    while (this.position < last) this._step(this.toRead[this.position++]);
    return this.position === this.toRead.length;
  }

  _step(id) {
    this.logits = this.program.step({ ids: [id] }).logits;
  }

  get temperature() {
    const { temperature, lastTemperature, length } = this.settings;
    const part = Math.min(1, this.done / Math.max(1, length));
    return temperature + (lastTemperature - temperature) * part;
  }

  // The log-weights of all tokens, as the settings want them.
  weigh() {
    const { work, tokenizer, settings } = this;
    work.set(this.logits);
    if (settings.penalty !== 1) {
      for (const id of new Set(this.recent)) {
        work[id] = work[id] > 0 ? work[id] / settings.penalty : work[id] * settings.penalty;
      }
    }
    if (tokenizer.whole) {
      for (let id = 0; id < work.length; id++) {
        if (this._after(id) < 0) work[id] = -Infinity; // it would break a character
      }
    }
    choose(work, this.temperature, settings);
    return work;
  }

  // The state of UTF-8 after a token, or -1 if it may not come.
  _after(id) {
    const token = this.tokenizer.tokens[id];
    if (typeof token === "number") return stateAfter(this.state, token);
    return this.state === 0 ? 0 : -1;
  }

  // Draw a token: its text, its probability as the model has learned, and what else was likely.
  next() {
    const sum = exponentials(this.logits, this.plain);
    if (!Number.isFinite(sum)) throw new Error("The model has diverged: it gives no numbers.");
    const id = this._drawn(this.weigh());
    const probability = this.plain[id] / sum;
    const token = {
      id, probability, bits: Math.max(0, -Math.log2(probability)), candidates: this._likeliest(sum),
      text: this._spell(id),
    };
    this.done += this.tokenizer.characters(id);
    if (this.tokenizer.whole) this.state = this._after(id);
    this.recent.push(id);
    if (this.recent.length > RECENT) this.recent.shift();
    if (!this.ended) this._step(id);
    return token;
  }

  _drawn(weights) {
    let total = 0, last = 0;
    for (let i = 0; i < weights.length; i++) total += weights[i] = exp(weights[i]);
    let left = this.random() * total;
    for (let i = 0; i < weights.length; i++) {
      if (!weights[i]) continue;
      last = i; // rounding may leave a little behind the last
      left -= weights[i];
      if (left < 0) break;
    }
    return last;
  }

  // The text that a token adds, cut at the length; the end of a document ends it.
  _spell(id) {
    if (id === this.tokenizer.end) {
      this.ended = "document";
      return this.decode(id).replace(END, "");
    }
    const characters = Array.from(this.decode(id)).slice(0, this.left);
    this.left -= characters.length;
    if (!this.left) this.ended = "length";
    return characters.join("");
  }

  _likeliest(sum) {
    const found = [];
    for (let id = 0; id < this.plain.length; id++) {
      const probability = this.plain[id];
      if (found.length === CANDIDATES && probability <= found[CANDIDATES - 1].probability) continue;
      let at = found.length;
      while (at > 0 && found[at - 1].probability < probability) at--;
      found.splice(at, 0, { id, probability });
      if (found.length > CANDIDATES) found.pop();
    }
    return found.map(({ id, probability }) => ({ id, probability: probability / sum }));
  }
}
