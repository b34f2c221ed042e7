"use strict";
// What a reader sees and does. All text is put in as text, never as HTML.

const $ = (id) => document.getElementById(id);
const FRAME = 24; // milliseconds of work at once, which leaves the page time to answer
const PAUSE = 150; // milliseconds after the last key
const MOST_BARS = 20, MOST_CELLS = 80; // labels, and symbols or positions of a map, that are shown
const PEN = 0.06; // of the height of the drawing

const model = JSON.parse($("model").textContent);
const predictor = new Predictor(model, readWeights(model.weights, $("weights").textContent));
$("weights").remove(); // the numbers are in arrays now

let turn = 0; // of predictions: an older one that is not finished yet stops
let copied = ""; // what the button copies

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

function visible(text) {
  return text.replace(/ /g, "␣").replace(/\n/g, "↵").replace(/\t/g, "⇥");
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
    show(`${tagged.length} ${model.space === null ? "characters" : "tokens"}, ${spans} spans`, text, ...parts);
    done();
  },

  sequence(input) {
    const mine = turn, writing = predictor.write(input), written = [];
    const source = input.ids ? predictor.positions(input) : null;
    show("Writing …", "");
    const frame = () => {
      if (mine !== turn) return;
      const until = performance.now() + FRAME;
      let next = { done: false };
      while (performance.now() < until && !(next = writing.next()).done) add(next.value);
      if (!next.done) return void setTimeout(frame);
      const all = written.reduce((product, { probability }) => product * probability, 1);
      copied = written.map(({ text }) => text).join(model.between);
      $("copy").disabled = false;
      $("status").textContent = `${written.length} symbols, together with a probability of ${percent(all)}`;
      if (written.some(({ attention }) => attention)) $("more").append(source ? map(source, written) : hint());
      done();
    };
    const add = (symbol) => {
      const span = element("span", symbol.text, "symbol");
      span.title = percent(symbol.probability);
      if (!source) span.addEventListener("mouseenter", () => overlay(symbol));
      if (written.length && model.between) $("result").append(model.between);
      $("result").append(span);
      written.push(symbol);
    };
    setTimeout(frame);
  },
};

// Which positions of the source each symbol comes from, as a table.
function map(source, written) {
  const table = element("table", "", "map"), head = element("tr", "");
  table.append(element("caption", "Attention: which part of the text each symbol comes from"), head);
  head.append(element("td", ""));
  for (const text of source.slice(0, MOST_CELLS)) head.append(element("th", visible(text)));
  for (const { text, attention } of written.slice(0, MOST_CELLS)) {
    const row = element("tr", "");
    row.append(element("th", visible(text)));
    source.slice(0, MOST_CELLS).forEach((_, i) => {
      const cell = element("td", "", `s${Math.min(8, Math.round(8 * attention[i]))}`);
      cell.title = percent(attention[i]);
      row.append(cell);
    });
    table.append(row);
  }
  const box = element("div", "", "coloured scrolled");
  box.append(table);
  return box;
}

function hint() {
  return element("p", "Point at a symbol to see which part of the picture it comes from.", "hint");
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

// Texts

function readText() {
  const text = $("input").value;
  if (!text.trim()) {
    turn++;
    $("lacking").textContent = "";
    return show("Type something above.", "");
  }
  const input = predictor.read(text), { unknown, cut } = input;
  const listed = unknown.slice(0, 10).join(" ") + (unknown.length > 10 ? " …" : "");
  const notes = [];
  if (unknown.length) {
    const become = model.aligned ? "others are read in their place" : "they are left out";
    notes.push(`The model has never seen these characters, and ${become}: ${listed}`);
  }
  if (cut) notes.push(`Only the first ${LONGEST.toLocaleString("en")} characters are read.`);
  $("lacking").textContent = notes.join(". ");
  predict(input);
}

let waiting = 0;
$("input").addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(readText, PAUSE);
});

// Pictures

function readPicture() {
  const canvas = $("canvas"), seen = $("seen"), [height, width] = model.picture;
  const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const grey = fitted(greyOf(pixels), height, width);
  seen.picture = grey;
  paint(grey);
  predict({ numbers: numbersOf(grey) });
}

// The picture as the model reads it, and in colour what one symbol comes from.
function paint(grey, attention) {
  const seen = $("seen"), { width, height, shades } = grey, [rows, columns] = model.grid;
  [seen.width, seen.height, seen.hidden] = [width, height, false];
  const image = new ImageData(width, height), most = attention ? Math.max(...attention) : 1;
  for (let i = 0; i < shades.length; i++) {
    const row = Math.floor((Math.floor(i / width) * rows) / height);
    const part = attention ? attention[row * columns + Math.floor(((i % width) * columns) / width)] / most : 0;
    const mixed = [224, 118, 62].map((tint) => shades[i] * (1 - 0.7 * part) + 0.7 * tint * part);
    image.data.set([...mixed, 255], 4 * i);
  }
  seen.getContext("2d").putImageData(image, 0, 0);
}

function overlay({ attention }) {
  if (attention) paint($("seen").picture, attention);
}

function clear() {
  const canvas = $("canvas"), [height, width] = model.picture, scale = Math.max(1, Math.round(512 / width));
  [canvas.width, canvas.height] = [width * scale, height * scale];
  const drawing = canvas.getContext("2d");
  drawing.fillStyle = "#fff";
  drawing.fillRect(0, 0, canvas.width, canvas.height);
  $("seen").hidden = true;
  turn++;
  show("Draw or drop a picture.", "");
}

async function open(file) {
  if (!file) return;
  try {
    const bitmap = await createImageBitmap(file), canvas = $("canvas");
    const scale = Math.min(1, 2048 / Math.max(bitmap.width, bitmap.height));
    canvas.width = Math.max(1, Math.round(bitmap.width * scale));
    canvas.height = Math.max(1, Math.round(bitmap.height * scale));
    const drawing = canvas.getContext("2d");
    drawing.fillStyle = "#fff";
    drawing.fillRect(0, 0, canvas.width, canvas.height);
    drawing.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    readPicture();
  } catch {
    show("That is not a picture that the browser can read.", "");
  }
}

function draw(event) {
  const canvas = $("canvas"), box = canvas.getBoundingClientRect(), drawing = canvas.getContext("2d");
  const at = [event.offsetX * (canvas.width / box.width), event.offsetY * (canvas.height / box.height)];
  if (event.type === "pointerdown") {
    canvas.setPointerCapture(event.pointerId);
    drawing.beginPath();
    drawing.moveTo(...at);
  } else if (!event.buttons) return;
  Object.assign(drawing, { lineWidth: PEN * canvas.height, lineCap: "round", lineJoin: "round" });
  drawing.lineTo(...at);
  drawing.stroke();
}

if (model.picture) {
  for (const type of ["pointerdown", "pointermove"]) $("canvas").addEventListener(type, draw);
  $("canvas").addEventListener("pointerup", readPicture);
  $("clear").addEventListener("click", clear);
  $("file").addEventListener("change", () => open($("file").files[0]));
  window.addEventListener("dragover", (event) => event.preventDefault());
  window.addEventListener("drop", (event) => {
    event.preventDefault();
    open(event.dataTransfer.files[0]);
  });
  window.addEventListener("paste", (event) => open(event.clipboardData.files[0]));
  clear();
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

// A link may bring a text: #text=…
function readLink() {
  const all = new URLSearchParams(location.hash.slice(1));
  if (all.has("text")) $("input").value = all.get("text");
  if (!model.picture) readText();
}
window.addEventListener("hashchange", readLink);
readLink();
