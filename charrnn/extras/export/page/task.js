"use strict";
// What a reader sees of predictions. All text is put in as text, never as HTML. What is read comes
// from another script: read_text.js, read_picture.js or read_sound.js.

const $ = (id) => document.getElementById(id);
const FRAME = 24; // milliseconds of work at once, which leaves the page time to answer
const MOST_BARS = 20; // labels that are shown

const model = JSON.parse($("model").textContent);
const bytes = Uint8Array.from(atob($("weights").textContent), (c) => c.charCodeAt(0));
const predictor = new Predictor(model, readWeights(model.weights, bytes));
$("weights").remove(); // the numbers are in arrays now

let turn = 0; // of predictions: an older one that is not finished yet stops
let copied = ""; // what the button copies
let seen = null; // a picture of what was read: shades of grey, and how many columns of positions it has

function element(name, text, className) {
  const made = document.createElement(name);
  made.textContent = text;
  if (className) made.className = className;
  return made;
}

function percent(probability) {
  const value = probability * 100;
  return value >= 10 ? `${value.toFixed(0)} %` : value >= 0.1 ? `${value.toFixed(1)} %` : "< 0.1 %";
}

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
    const labels = predictor.labels(input), list = element("ol", "", "bars");
    const chosen = model.several ? labels.filter(({ probability }) => probability > 0.5) : [labels[0]];
    for (const { name, probability } of labels.slice(0, MOST_BARS)) {
      const item = element("li", "", chosen.some((label) => label.name === name) ? "taken" : "");
      const bar = element("span", ""), inner = element("b", "");
      inner.style.width = `${100 * probability}%`;
      bar.append(inner);
      item.append(element("code", name), bar, element("span", percent(probability)));
      list.append(item);
    }
    const names = chosen.map(({ name }) => name).join(",");
    show(names ? `Predicted: ${names}` : "No label is likelier than 50 %", names, list);
    done();
  },

  tag(input) {
    const tagged = predictor.tags(input), parts = [], kinds = [];
    let before = ["O", ""], open = null;
    for (const { token, tag } of tagged) {
      const [part, kind] = model.marks[tag];
      const starts = "BSU".includes(part) || "ELSU".includes(before[0]) || before[0] === "O";
      if (parts.length && model.space !== null) {
        const inside = part !== "O" && open && !(starts || before[1] !== kind);
        if (inside) open.firstChild.textContent += " ";
        else parts.push(document.createTextNode(" "));
      }
      if (part === "O") parts.push(document.createTextNode(token));
      else if (open && !starts && before[1] === kind) open.firstChild.textContent += token;
      else {
        if (!kinds.includes(kind)) kinds.push(kind);
        open = element("mark", token, `k${kinds.indexOf(kind) % 6}`);
        open.append(element("small", kind));
        parts.push(open);
      }
      if (part === "O") open = null;
      before = [part, kind];
    }
    const text = tagged.map(({ token, tag }) => `${token}\t${model.targets[tag]}`).join("\n");
    const spans = parts.filter(({ nodeName }) => nodeName === "MARK").length;
    const read = plural(tagged.length, model.space === null ? "character" : "token");
    show(`${read}, ${plural(spans, "span")}`, text, ...parts);
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

// Files that are chosen, dropped or pasted.
function takeFiles(open) {
  const take = ({ files: [file] }) => file && open(file);
  $("file").addEventListener("change", () => take($("file")));
  window.addEventListener("dragover", (event) => event.preventDefault());
  window.addEventListener("drop", (event) => {
    event.preventDefault();
    take(event.dataTransfer);
  });
  window.addEventListener("paste", (event) => take(event.clipboardData));
}

function done() {
  document.body.dataset.done = "true"; // for programs that wait for it
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

$("copy").addEventListener("click", async () => {
  try {
    await navigator.clipboard.writeText(copied);
    $("copy").textContent = "Copied";
  } catch {
    $("copy").textContent = "Not allowed here";
  }
  setTimeout(() => ($("copy").textContent = "Copy"), 1500);
});
$("form").addEventListener("submit", (event) => event.preventDefault());
for (const [name, value] of Object.entries(model.about)) {
  const pair = document.createElement("div");
  pair.append(element("dt", name), element("dd", value));
  $("about").append(pair);
}
