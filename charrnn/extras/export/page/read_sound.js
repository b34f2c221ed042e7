"use strict";
// Sound that a reader chooses, drops, or records.

const LONGEST_SOUND = 60, LONGEST_RECORDING = 10; // seconds
const DARK = matchMedia("(prefers-color-scheme: dark)").matches;

let sound = null, recorder = null; // the last one, and what records the next one

async function openSound(file) {
  forget("Reading …");
  $("places").replaceChildren();
  $("lacking").textContent = "";
  $("play").disabled = true;
  const mine = turn;
  try {
    const context = new OfflineAudioContext(1, 1, model.rate); // it decodes to this rate
    const decoded = await context.decodeAudioData(await file.arrayBuffer());
    if (mine === turn) readSound(decoded);
  } catch (error) {
    if (mine === turn) forget(`The browser cannot read that as sound: ${error.message}`);
  }
}

function readSound(decoded) {
  const { rate } = model, samples = mixed(decoded).subarray(0, LONGEST_SOUND * rate);
  const input = heard(samples, model), seconds = samples.length / rate;
  sound = decoded;
  $("play").disabled = false;
  $("lacking").textContent = decoded.duration > LONGEST_SOUND ? `Only the first ${LONGEST_SOUND} s are read.` : "";
  $("seen-as").textContent = `${seconds.toFixed(1)} s as the model reads them, low frequencies at the bottom`;
  seen = { ...spectrogram(input), columns: input.length };
  paint();
  setTimeout(() => predict(input)); // when the picture is there
}

// The mean of all channels.
function mixed(decoded) {
  const samples = new Float32Array(decoded.length), count = decoded.numberOfChannels;
  for (let channel = 0; channel < count; channel++) {
    decoded.getChannelData(channel).forEach((x, i) => (samples[i] += x / count));
  }
  return samples;
}

// Frames as a picture: time goes to the right, frequency up, and what is loud stands out.
function spectrogram({ numbers }) {
  const width = numbers.length / BANDS, shades = new Float64Array(numbers.length);
  numbers.forEach((x, i) => {
    const loud = 225 * Math.max(0, Math.min(1, (x + 1.5) / 4));
    shades[(BANDS - 1 - (i % BANDS)) * width + Math.floor(i / BANDS)] = DARK ? 30 + loud : 255 - loud;
  });
  return { width, height: BANDS, shades };
}

// Each symbol below where most of it comes from, side by side where that is one place.
function explain(input, written) {
  const places = $("places"), whole = places.clientWidth;
  const placed = written.map((symbol) => ({ ...symbol, at: (largest(symbol.attention) + 0.5) / input.length }));
  let end = 0;
  for (const symbol of placed.sort((a, b) => a.at - b.at)) {
    const span = symbolElement(symbol);
    places.append(span);
    const left = Math.max(end, symbol.at * whole - span.offsetWidth / 2);
    span.style.left = `${(100 * left) / whole}%`;
    end = left + span.offsetWidth;
  }
}

async function record() {
  if (recorder) return recorder.stop();
  const button = $("record");
  button.disabled = true;
  try {
    recorder = new MediaRecorder(await navigator.mediaDevices.getUserMedia({ audio: true }));
  } catch {
    return forget("The microphone is not there, not allowed, or forbidden to pages that are opened this way.");
  } finally {
    button.disabled = false;
  }
  const limit = setTimeout(record, LONGEST_RECORDING * 1000);
  recorder.addEventListener("dataavailable", ({ data }) => openSound(data)); // once, at the end
  recorder.addEventListener("stop", () => {
    clearTimeout(limit);
    for (const track of recorder.stream.getTracks()) track.stop();
    recorder = null;
    button.textContent = "Record";
  });
  recorder.start();
  button.textContent = "Stop";
  forget("Listening …");
}

function play() {
  const context = new AudioContext(), source = context.createBufferSource();
  source.buffer = sound;
  source.connect(context.destination);
  source.addEventListener("ended", () => context.close());
  source.start();
}

$("record").addEventListener("click", record);
$("play").addEventListener("click", play);
takeFiles("audio/*", openSound);
forget("Drop, choose or record a sound.");
