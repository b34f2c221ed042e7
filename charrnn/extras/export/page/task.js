"use strict";
// The page of a model on examples: what a reader sees of predictions. What is read comes from
// another script: read_text.js, read_picture.js or read_sound.js.

const MOST_BARS = 20; // labels that are shown

const predictor = new Predictor(model, weights);

let turn = 0; // of predictions: an older one that is not finished yet stops
let copied = ""; // what the button copies
let seen = null; // a picture of what was read: shades of grey, and how many columns of positions it has

function plural(count, name) {
  return `${count} ${name}${count === 1 ? "" : "s"}`;
}

function show(status, text, ...parts) {
  copied = text;
  $("copy").disabled = !text;
  $("status").textContent = status;
  $("result").replaceChildren(...parts);
  $("more").replaceChildren();
}

// Predictions, by what the model predicts

const SHOW = {
  label(input) {
    const labels = predictor.labels(input).map((label, rank) => (
      { ...label, taken: model.several ? label.probability > 0.5 : rank === 0 }));
    const names = labels.filter(({ taken }) => taken).map(({ name }) => name).join(",");
    const said = names ? `Predicted: ${names}` : "No label is likelier than 50 %";
    show(said, names, bars(labels.slice(0, MOST_BARS)));
    done();
  },

  tag(input) {
    const tagged = predictor.tags(input), between = model.space === null ? "" : " ", groups = [];
    let before = "O";
    for (const { token, tag } of tagged) { // as Scheme.spans of Python groups them
      const [part, kind] = model.marks[tag], last = groups[groups.length - 1];
      const starts = "OBSU".includes(part) || "OELSU".includes(before) || last.kind !== kind;
      if (starts) groups.push({ text: token, kind: part === "O" ? null : kind });
      else last.text += between + token;
      before = part;
    }
    const spans = groups.filter(({ kind }) => kind !== null);
    const kinds = [...new Set(spans.map(({ kind }) => kind))];
    const parts = groups.map(({ text, kind }) => (kind === null ? text
      : element("mark", [text, element("small", kind)], `k${kinds.indexOf(kind) % 6}`)));
    const lines = tagged.map(({ token, tag }) => `${token}\t${model.targets[tag]}`).join("\n");
    const read = plural(tagged.length, model.space === null ? "character" : "token");
    show(`${read}, ${plural(spans.length, "span")}`, lines, ...parts.flatMap((part) => [part, between]));
    done();
  },

  sequence(input) {
    const mine = turn, writing = predictor.write(input), written = [];
    show("Writing …", "");
    const frame = () => {
      if (mine !== turn) return;
      const until = performance.now() + FRAME;
      let next = { done: false };
      while (performance.now() < until && !(next = writing.next()).done) add(next.value);
      if (!next.done) return void setTimeout(frame);
      const all = written.reduce((product, { probability }) => product * probability, 1);
      const likely = model.ctc ? "" : `, together with a probability of ${percent(all)}`;
      copied = written.map(({ text }) => text).join(model.between);
      $("copy").disabled = !copied;
      $("status").textContent = `${plural(written.length, "symbol")}${likely}`;
      if (written.some(({ attention }) => attention)) explain(input, written);
      done();
    };
    const add = (symbol) => {
      if (written.length && model.between) $("result").append(model.between);
      $("result").append(symbolElement(symbol));
      written.push(symbol);
    };
    setTimeout(frame);
  },
};

// A symbol, at which a reader points to see where it comes from.
function symbolElement({ text, probability, attention }) {
  const span = element("span", text, "symbol");
  span.title = percent(probability);
  span.addEventListener("pointerenter", () => attention && seen && paint(attention));
  return span;
}

// What was read, and in colour what one symbol comes from.
function paint(attention) {
  const canvas = $("seen"), { width, height, shades, columns } = seen;
  [canvas.width, canvas.height, canvas.hidden] = [width, height, false];
  const image = new ImageData(width, height), most = attention ? Math.max(...attention) : 1;
  const rows = attention ? attention.length / columns : 1;
  for (let i = 0; i < shades.length; i++) {
    const row = Math.floor((Math.floor(i / width) * rows) / height);
    const column = Math.floor(((i % width) * columns) / width);
    const part = attention ? attention[row * columns + column] / most : 0;
    const mixed = [224, 118, 62].map((tint) => shades[i] * (1 - 0.7 * part) + 0.7 * tint * part);
    image.data.set([...mixed, 255], 4 * i);
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
}

function forget(status) {
  turn++;
  seen = null;
  $("seen").hidden = true;
  show(status, "");
}

// Files of a kind that are chosen, dropped or pasted.
function takeFiles(kind, open) {
  $("file").accept = kind;
  const take = ({ files: [file] }) => file && open(file);
  $("file").addEventListener("change", () => take($("file")));
  window.addEventListener("dragover", (event) => event.preventDefault());
  window.addEventListener("drop", (event) => {
    event.preventDefault();
    take(event.dataTransfer);
  });
  window.addEventListener("paste", (event) => take(event.clipboardData));
}

function predict(input) {
  turn++;
  delete document.body.dataset.done;
  try {
    SHOW[model.kind](input);
  } catch (error) {
    show(error.message, "");
  }
}

$("copy").addEventListener("click", () => copy($("copy"), copied));
$("form").addEventListener("submit", (event) => event.preventDefault());
