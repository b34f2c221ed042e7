"use strict";
// What all pages have in common. All text is put in as text, never as HTML.

const $ = (id) => document.getElementById(id);
const FRAME = 24; // milliseconds of work at once, which leaves the page time to answer

const model = JSON.parse($("model").textContent);
const bytes = Uint8Array.from(atob($("weights").textContent), (character) => character.charCodeAt(0));
const weights = readWeights(model.weights, bytes);
$("weights").remove(); // the numbers are in arrays now

// An element of a text, of other elements, or of both.
function element(name, content = [], className = "") {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...[content].flat());
  return made;
}

function visible(text) {
  return text.replace(/ /g, "␣").replace(/\n/g, "↵").replace(/\t/g, "⇥").replace(/\r/g, "␍");
}

function percent(probability) {
  const value = probability * 100;
  return value >= 10 ? `${value.toFixed(0)} %` : value >= 0.1 ? `${value.toFixed(1)} %` : "< 0.1 %";
}

// Names and their probabilities, each with a bar.
function bars(items) {
  return element("ol", items.map(({ name, probability, taken }) => {
    const bar = element("b");
    bar.style.width = `${100 * probability}%`;
    const parts = [element("code", name), element("span", bar), element("span", percent(probability))];
    return element("li", parts, taken ? "taken" : "");
  }), "bars");
}

// What is said of characters that the model has never seen.
function saidOf(unknown, become) {
  const listed = unknown.slice(0, 10).join(" ") + (unknown.length > 10 ? " …" : "");
  return unknown.length
    ? `The model has never seen these characters, and ${become}: ${listed}` : "";
}

async function copy(button, text) {
  const label = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    button.textContent = "Not allowed here";
  }
  setTimeout(() => (button.textContent = label), 1500);
}

function done() {
  document.body.dataset.done = "true"; // for programs that wait for it
}

for (const [name, value] of Object.entries(model.about)) {
  $("about").append(element("div", [element("dt", name), element("dd", value)]));
}
