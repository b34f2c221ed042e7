"use strict";
// A text that a reader types, or a link brings: #text=…

const PAUSE = 150; // milliseconds after the last key
const MOST_CELLS = 80; // symbols and positions of a map that are shown

function readText() {
  const text = $("input").value;
  if (!text.trim()) {
    $("lacking").textContent = "";
    return forget("Type something above.");
  }
  const input = predictor.read(text), { unknown, cut } = input;
  const become = model.aligned ? "others are read in their place" : "they are left out";
  const first = cut ? `Only the first ${LONGEST.toLocaleString("en")} characters are read.` : "";
  $("lacking").textContent = [saidOf(unknown, become), first].filter(Boolean).join(". ");
  predict(input);
}

// Which positions of the source each symbol comes from, as a table.
function explain(input, written) {
  const source = predictor.positions(input).slice(0, MOST_CELLS);
  const names = source.map((text) => element("th", visible(text)));
  const rows = written.slice(0, MOST_CELLS).map(({ text, attention }) => {
    const cells = source.map((_, i) => {
      const cell = element("td", [], `s${Math.min(8, Math.round(8 * attention[i]))}`);
      cell.title = percent(attention[i]);
      return cell;
    });
    return element("tr", [element("th", visible(text)), ...cells]);
  });
  const table = element("table", [element("tr", [element("td"), ...names]), ...rows], "map");
  $("more").append(element("p", "Which part of the text each symbol comes from", "hint"),
    element("div", table, "scrolled"));
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
