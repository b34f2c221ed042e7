"use strict";
// A picture that a reader draws, chooses, drops or pastes.

const PEN = 0.06; // of the height of the drawing
const LARGEST = 2048; // pixels of a side
const canvas = $("canvas"), drawing = canvas.getContext("2d", { willReadFrequently: true });

function readPicture() {
  const [height, width] = model.picture;
  const pixels = drawing.getImageData(0, 0, canvas.width, canvas.height);
  const grey = fitted(greyOf(pixels), height, width);
  seen = { ...grey, columns: model.columns };
  paint();
  predict({ numbers: numbersOf(grey) });
}

function explain() {
  $("more").append(element("p", "Point at a symbol to see which part of the picture it comes from.", "hint"));
}

// An empty canvas.
function blank(width, height) {
  [canvas.width, canvas.height] = [width, height];
  canvas.style.width = `${width * Math.min(512 / width, 384 / height)}px`; // as large as there is room
  drawing.fillStyle = "#fff";
  drawing.fillRect(0, 0, width, height);
}

function clear() {
  const [height, width] = model.picture, scale = Math.max(1, Math.round(512 / width));
  blank(width * scale, height * scale);
  forget("Draw or drop a picture.");
}

async function openPicture(file) {
  try {
    const bitmap = await createImageBitmap(file);
    const scale = Math.min(1, LARGEST / Math.max(bitmap.width, bitmap.height));
    blank(...[bitmap.width, bitmap.height].map((side) => Math.max(1, Math.round(side * scale))));
    drawing.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    readPicture();
  } catch {
    forget("That is not a picture that the browser can read.");
  }
}

function draw(event) {
  const { width, height } = canvas.getBoundingClientRect();
  const at = [event.offsetX * (canvas.width / width), event.offsetY * (canvas.height / height)];
  if (event.type === "pointerdown") {
    canvas.setPointerCapture(event.pointerId);
    drawing.beginPath();
    drawing.moveTo(...at);
  } else if (!event.buttons) return;
  Object.assign(drawing, { lineWidth: PEN * canvas.height, lineCap: "round", lineJoin: "round" });
  drawing.lineTo(...at);
  drawing.stroke();
}

for (const type of ["pointerdown", "pointermove"]) canvas.addEventListener(type, draw);
canvas.addEventListener("pointerup", readPicture);
$("clear").addEventListener("click", clear);
takeFiles("image/*", openPicture);
clear();
