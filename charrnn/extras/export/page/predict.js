"use strict";
// What a model on examples makes of a text, a picture or sound, as `charrnn predict` does it.

const LONGEST = 4000; // characters of a text that are read
const DECODER_END = 0; // the symbol before and after every sequence
const BLANK = 0; // of CTC: a frame without a symbol

// Other ways to write a character, the most similar first: see charrnn/text/unknown.py.
function* forms(character, plain) {
  yield character.normalize("NFD");
  const bare = [...(plain[character] || character).normalize("NFKD")]
    .filter((part) => !/\p{M}/u.test(part));
  for (const form of [bare.join(""), bare.map((part) => plain[part] || part).join("")]) {
    yield form;
    yield [...form].map((c) => (c === c.toLowerCase() ? c.toUpperCase() : c.toLowerCase())).join("");
  }
}

function softmax(logits) {
  const weights = new Float64Array(logits.length), sum = exponentials(logits, weights);
  if (!Number.isFinite(sum)) throw new Error("The model has diverged: it gives no numbers.");
  return weights.map((weight) => weight / sum);
}

function largest(numbers) {
  let best = 0;
  for (let i = 1; i < numbers.length; i++) if (numbers[i] > numbers[best]) best = i;
  return best;
}

// The sequence of tags of the highest score, from logits (N, K) and the transitions of a CRF.
function viterbi(logits, count, { start_transitions, transitions, end_transitions }) {
  const size = start_transitions.length, origins = [];
  let score = Array.from(start_transitions, (first, tag) => first + logits[tag]);
  for (let step = 1; step < count; step++) {
    const from = score.map((_, tag) => largest(score.map((sum, i) => sum + transitions[i * size + tag])));
    score = from.map((i, tag) => score[i] + transitions[i * size + tag] + logits[step * size + tag]);
    origins.push(from);
  }
  const tags = [largest(score.map((sum, tag) => sum + end_transitions[tag]))];
  for (const from of origins.reverse()) tags.unshift(from[tags[0]]);
  return tags;
}

class Predictor {
  // `model` as page_model.py writes it.
  constructor(model, weights) {
    Object.assign(this, { model, weights, targets: model.targets, programs: {} });
    if (model.tokenizer) this.tokenizer = new Tokenizer(model.tokenizer);
  }

  // A program for inputs of these sizes; the last one is kept.
  _program(name, sizes) {
    const key = JSON.stringify(sizes);
    if (this.programs[name]?.key !== key) {
      const program = new Program(this.model.graphs[name], this.weights[name] || {}, sizes);
      this.programs[name] = { key, program };
    }
    return this.programs[name].program;
  }

  // What is read of a text, and the characters of it that the model has never seen.
  read(text) {
    const cut = Array.from(text).slice(0, LONGEST).join("");
    const { aligned, space } = this.model;
    const tokens = space === null ? Array.from(cut) : cut.match(/[^ \t]+/g) || [];
    const known = aligned ? tokens.join(space === null ? "" : " ") : cut;
    const unknown = this.tokenizer.unknown(known);
    const found = this.tokenizer.encode(aligned ? this._replaced(known, new Set(unknown)) : known);
    const ids = found.length ? found : [0];
    return { ids, length: ids.length, unknown, tokens, cut: cut.length < text.length };
  }

  // Where every character counts, one that is unknown becomes the nearest, or any other.
  _replaced(text, unknown) {
    const nearest = (character) => {
      for (const form of forms(character, this.model.plain)) {
        if (!form || this.tokenizer.unknown(form).length) continue;
        return [...form].length === 1 && form !== " " ? form : this.model.other;
      }
      return this.model.other;
    };
    return [...text].map((c) => (unknown.has(c) ? nearest(c) : c)).join("");
  }

  // The inputs of a graph, and their sizes: of ids, or of the numbers of a picture or of frames.
  _given({ ids, numbers, length }) {
    const inputs = ids ? { ids } : { inputs: numbers };
    return length ? [{ ...inputs, lengths: [length] }, { length }] : [inputs, {}];
  }

  // Each label and its probability, the likeliest first.
  labels(input) {
    const [inputs, sizes] = this._given(input);
    const { logits } = this._program("", sizes).run(inputs);
    const all = this.model.several ? Array.from(logits, (x) => 1 / (1 + exp(-x))) : softmax(logits);
    return this.targets.map((name, i) => ({ name, probability: all[i] }))
      .sort((a, b) => b.probability - a.probability);
  }

  // The tag of each token.
  tags(input) {
    const { ids, tokens } = input, { space } = this.model;
    const ends = (i) => space === null || i === ids.length - 1 || ids[i + 1] === space;
    const last = [...ids.keys()].filter(ends), gap = space === null ? 1 : 2;
    const first = last.map((_, n) => (n ? last[n - 1] + gap : 0));
    const count = first.length, size = this.targets.length;
    const [inputs, sizes] = this._given(input);
    const program = this._program("", { ...sizes, count });
    const outputs = program.run({ ...inputs, spans: [...first, ...last] });
    const found = outputs.transitions ? viterbi(outputs.logits, count, outputs)
      : first.map((_, i) => largest(outputs.logits.subarray(i * size, (i + 1) * size)));
    return tokens.map((token, i) => ({ token, tag: found[i] }));
  }

  // The likeliest symbol of each frame, where that is another than before, and no blank. It comes
  // from the positions of the frames that say it.
  *_aligned([inputs, sizes]) {
    const { logits } = this._program("", sizes).run(inputs), size = this.targets.length + 1;
    const frames = Array.from({ length: logits.length / size }, (_, frame) => {
      const probabilities = softmax(logits.subarray(frame * size, (frame + 1) * size));
      const symbol = largest(probabilities);
      return { symbol, probability: probabilities[symbol] };
    });
    for (let first = 0, end = 0; first < frames.length; first = end) {
      const { symbol } = frames[first];
      let probability = 0;
      for (; frames[end]?.symbol === symbol; end++) probability = Math.max(probability, frames[end].probability);
      if (symbol === BLANK) continue;
      const attention = new Float32Array(frames.length / this.model.ctc);
      for (let i = first; i < end; i++) attention[Math.floor(i / this.model.ctc)] += 1 / (end - first);
      yield { text: this.targets[symbol - 1], probability, attention };
    }
  }

  // The likeliest symbols, one after the other: each with its probability and its attention.
  *write(input) {
    const [inputs, sizes] = this._given(input);
    if (this.model.ctc) return yield* this._aligned([inputs, sizes]);
    const read = this._program("encoder", sizes).run(inputs);
    const decoder = this._program("decoder", sizes), given = {};
    for (const name of Object.keys(decoder.inputs)) if (name in read) given[name] = read[name];
    const { ids, length } = input, most = ids ? 3 * length + 20 : length ? length + 100 : 200;
    let symbol = DECODER_END;
    for (let written = 0; written < most; written++) {
      const { logits, attention } = decoder.run({ ...given, symbols: [symbol] });
      for (const name of Object.keys(given)) if (name.startsWith("state.")) delete given[name];
      const probabilities = softmax(logits);
      const choice = written ? probabilities : probabilities.slice(1); // no text is empty
      symbol = largest(choice) + (written ? 0 : 1);
      if (symbol === DECODER_END) return;
      yield {
        text: this.targets[symbol - 1], probability: probabilities[symbol],
        attention: attention ? attention.slice() : null,
      };
      decoder.carry();
    }
  }

  // The text of each position that attention is paid to.
  positions({ ids }) {
    return ids.map(this.tokenizer.decoder());
  }
}
