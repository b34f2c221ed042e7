"use strict";
// A text that a reader types, or a link brings: #text=…

const PAUSE = 150; // milliseconds after the last key
const MOST_CELLS = 80; // symbols and positions of a map that are shown

function visible(text) {
  return text.replace(/ /g, "␣").replace(/\n/g, "↵").replace(/\t/g, "⇥");
}

function readText() {
  const text = $("input").value;
  if (!text.trim()) {
    $("lacking").textContent = "";
    return forget("Type something above.");
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

// Which positions of the source each symbol comes from, as a table.
function explain(input, written) {
  const source = predictor.positions(input).slice(0, MOST_CELLS);
  const table = element("table", "", "map"), head = element("tr", "");
  table.append(head);
  head.append(element("td", ""));
  for (const text of source) head.append(element("th", visible(text)));
  for (const { text, attention } of written.slice(0, MOST_CELLS)) {
    const row = element("tr", "");
    row.append(element("th", visible(text)));
    source.forEach((_, i) => {
      const cell = element("td", "", `s${Math.min(8, Math.round(8 * attention[i]))}`);
      cell.title = percent(attention[i]);
      row.append(cell);
    });
    table.append(row);
  }
  const box = element("div", "", "coloured scrolled");
  box.append(table);
  $("more").append(element("p", "Which part of the text each symbol comes from", "hint"), box);
}

let waiting = 0;
$("input").addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(readText, PAUSE);
});

function readLink() {
  const all = new URLSearchParams(location.hash.slice(1));
  if (all.has("text")) $("input").value = all.get("text");
  readText();
}
window.addEventListener("hashchange", readLink);
readLink();
