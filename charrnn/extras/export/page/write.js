"use strict";
// The page of a language model: what a reader sees and does.

const NUMBERS = ["temperature", "last-temperature", "length", "top-k", "top-p", "min-p", "penalty", "seed"];
const program = new Program(model.graphs[""], weights[""]);
const tokenizer = new Tokenizer(model.tokenizer);

let writer = null; // while a text is written
let shown = []; // the tokens of the text, each with its span
let chosen = -1; // which of them is explained
let began = 0, written = 0; // when, and how many characters since
let lastLink = "";

function settings() {
  const of = (id) => Number($(id).value);
  return {
    prompt: $("prompt").value, length: of("length"), seed: of("seed"), topK: of("top-k"),
    temperature: of("temperature"), topP: of("top-p"),
    lastTemperature: of($("last-temperature").value ? "last-temperature" : "temperature"),
    minP: of("min-p"), penalty: of("penalty"),
  };
}

function newSeed() {
  $("seed").value = crypto.getRandomValues(new Uint32Array(1))[0];
}

// Writing

function start() {
  const invalid = $("form").querySelector(":invalid");
  if (invalid) {
    invalid.closest("details")?.setAttribute("open", "");
    invalid.reportValidity();
    return;
  }
  const prompt = $("prompt").value;
  const lacking = new Set(tokenizer.unknown(prompt));
  writer = new Writer(program, tokenizer, settings());
  [shown, chosen, written, began] = [[], -1, 0, performance.now()];
  const kept = Array.from(prompt).filter((character) => !lacking.has(character)).join("");
  $("text").replaceChildren(element("span", kept, "prompt"));
  $("text").scrollTop = 0;
  explain(-1);
  $("write").textContent = "Stop";
  $("copy").disabled = $("copy-link").disabled = false;
  $("status").textContent = "Writing …";
  lastLink = link();
  setTimeout(frame, 0, writer);
}

function stop(why) {
  if (!writer) return;
  const seconds = (performance.now() - began) / 1000;
  const speed = seconds > 0.5 ? ` · ${Math.round(written / seconds).toLocaleString("en")} a second` : "";
  $("status").textContent = `${written.toLocaleString("en")} characters${speed}${why}`;
  $("write").textContent = "Write";
  writer = null;
  done();
  if (!$("keep-seed").checked) $("seed").dataset.used = "true";
}

// As much as fits between two pictures. A timer goes on in the background, where none are shown.
function frame(mine) {
  if (writer !== mine) return;
  const text = $("text"), below = text.scrollHeight - text.scrollTop - text.clientHeight;
  const made = document.createDocumentFragment(), until = performance.now() + FRAME;
  try {
    while (!writer.ended && performance.now() < until) if (writer.read(8)) add(writer.next(), made);
  } catch (error) {
    stop(` · ${error.message}`);
    return;
  }
  text.append(made);
  if (below < 40) text.scrollTop = text.scrollHeight; // unless the reader has gone up
  if (writer.ended) stop(writer.ended === "document" ? " · the text has ended" : "");
  else setTimeout(frame, 0, mine);
}

// A span for a token. The bytes of one character are one token to a reader.
function add(token, to) {
  const part = shown.length && !shown[shown.length - 1].span ? shown.pop() : null;
  if (part) {
    token = { ...token, bits: token.bits + part.bits, probability: token.probability * part.probability };
  }
  written += Array.from(token.text).length;
  if (token.text) {
    token.span = element("span", token.text, `s${Math.min(8, Math.floor(token.bits))}`);
    if (token.text === "\n") token.span.classList.add("newline");
    token.span.dataset.i = shown.length;
    to.append(token.span);
  }
  shown.push(token);
}

// Explaining a token

function explain(i) {
  shown[chosen]?.span?.classList.remove("chosen");
  chosen = i;
  const token = shown[i], detail = $("detail");
  if (!token) {
    const how = "Point at the text, or go through it with the arrow keys, to see what else the model had in mind.";
    detail.replaceChildren(element("p", how, "hint"));
    return;
  }
  token.span.classList.add("chosen");
  const others = token.candidates.filter(({ id }) => id !== token.id);
  const listed = others.length < token.candidates.length ? token.candidates : [...others, token];
  const list = bars(listed.map(({ id, probability }) => (
    { name: visible(tokenizer.symbol(id)), probability, taken: id === token.id })));
  const about = `${percent(token.probability)} · ${token.bits.toFixed(1)} bits`;
  detail.replaceChildren(element("p", visible(token.text), "token"), element("p", about), list);
}

function go(event) {
  const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity };
  if (!(event.key in steps) || !shown.length) return;
  event.preventDefault();
  const last = shown.length - (shown[shown.length - 1].span ? 1 : 2);
  let to = Math.max(0, Math.min(last, chosen + steps[event.key]));
  if (event.key === "ArrowDown" || event.key === "ArrowUp") to = otherLine(steps[event.key], last);
  if (!shown[to].span) return; // nothing to see yet
  explain(to);
  shown[to].span.scrollIntoView({ block: "nearest" });
}

// The token above or below the chosen one, where the page has put it.
function otherLine(step, last) {
  if (chosen < 0) return 0;
  const from = shown[chosen].span.getBoundingClientRect();
  for (let i = chosen + step; i >= 0 && i <= last; i += step) {
    const box = shown[i].span.getBoundingClientRect();
    const passed = step > 0 ? box.right >= from.left + 1 : box.left <= from.left;
    if (step * (box.top - from.top) > 2 && passed) return i;
  }
  return step > 0 ? last : 0;
}

// Links that write: #write&prompt=…&seed=…

function link() {
  const all = new URLSearchParams({ write: "", prompt: $("prompt").value });
  for (const id of NUMBERS) all.set(id, $(id).value);
  return `${location.href.split("#")[0]}#${all}`;
}

function readLink() {
  const all = new URLSearchParams(location.hash.slice(1));
  if (all.has("prompt")) $("prompt").value = all.get("prompt");
  for (const id of NUMBERS) if (all.has(id)) $(id).value = all.get(id);
  if (all.has("seed")) $("keep-seed").checked = true;
  $("temperature-slider").value = $("temperature").value;
  warn();
  if (all.has("write")) start();
}

function warn() {
  $("lacking").textContent = saidOf(tokenizer.unknown($("prompt").value), "they are left out");
}

$("form").addEventListener("submit", (event) => {
  event.preventDefault();
  if (writer) stop(" · stopped");
  else {
    if ($("seed").dataset.used && !$("keep-seed").checked) newSeed();
    delete $("seed").dataset.used;
    start();
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") writer ? stop(" · stopped") : explain(-1);
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !writer) $("form").requestSubmit();
});
$("prompt").addEventListener("input", warn);
$("temperature").addEventListener("input", () => ($("temperature-slider").value = $("temperature").value));
$("temperature-slider").addEventListener("input", () => ($("temperature").value = $("temperature-slider").value));
$("new-seed").addEventListener("click", () => {
  newSeed();
  delete $("seed").dataset.used;
});
$("seed").addEventListener("input", () => {
  $("keep-seed").checked = true;
});
$("colours").addEventListener("change", () => $("text").classList.toggle("coloured", $("colours").checked));
for (const name of ["mouseover", "click"]) {
  $("text").addEventListener(name, (event) => {
    if (event.target.dataset.i) explain(Number(event.target.dataset.i));
  });
}
$("text").addEventListener("keydown", go);
$("copy").addEventListener("click", () => copy($("copy"), $("text").textContent));
$("copy-link").addEventListener("click", () => copy($("copy-link"), lastLink));
window.addEventListener("hashchange", readLink);
newSeed();
explain(-1);
readLink();
