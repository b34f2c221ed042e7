"use strict";
// Text to token ids and back, exactly as charrnn/text/tokenizers does it.

// State, first and last byte that may come, the state after it: Unicode Standard, table 3-7.
// 0: between characters; 1, 2, 3: that many bytes are missing; 4 to 7: after E0, ED, F0, F4.
const UTF8 = [
  [0, 0x00, 0x7f, 0], [0, 0xc2, 0xdf, 1], [0, 0xe0, 0xe0, 4], [0, 0xe1, 0xec, 2],
  [0, 0xed, 0xed, 5], [0, 0xee, 0xef, 2], [0, 0xf0, 0xf0, 6], [0, 0xf1, 0xf3, 3],
  [0, 0xf4, 0xf4, 7], [1, 0x80, 0xbf, 0], [2, 0x80, 0xbf, 1], [3, 0x80, 0xbf, 2],
  [4, 0xa0, 0xbf, 1], [5, 0x80, 0x9f, 1], [6, 0x90, 0xbf, 2], [7, 0x80, 0x8f, 2],
];

// The state after a byte, or -1 if it cannot follow.
function stateAfter(state, byte) {
  for (const [before, first, last, after] of UTF8) {
    if (before === state && byte >= first && byte <= last) return after;
  }
  return -1;
}

// The bytes of a character. A byte that is not UTF-8 is U+DC80 to U+DCFF in Python's text.
function bytesOf(character) {
  const point = character.codePointAt(0);
  if (point >= 0xdc80 && point <= 0xdcff) return [point & 0xff];
  return encodeURIComponent(character).match(/%..|./g)
    .map((part) => (part.length > 1 ? parseInt(part.slice(1), 16) : part.charCodeAt(0)));
}

const SPACE = "\u2581"; // sentencepiece's own sign for a space, so that it can be no subword
const END = "\ud800"; // the end of a document: half a surrogate pair, which no text has
const MOST = 256; // characters of a segment, and spaces before them
const UNKNOWN_PENALTY = 10; // sentencepiece's, below the lowest score

function isHalf(character) {
  const point = character.codePointAt(0);
  return point >= 0xd800 && point <= 0xdfff;
}

class Tokenizer {
  // `data` as page_model.py writes it.
  constructor(data) {
    // tokens: the text that each stands for, or its byte; start: what a text without a prompt
    // continues; whole: only bytes that make whole characters are drawn.
    const { kind, tokens, end, start, whole } = data;
    Object.assign(this, { kind, tokens, end, start, whole });
    this.perByte = data.kind === "byte"; // then each byte that is not UTF-8 is shown by itself
    this.ids = new Map();
    this.byteIds = new Map();
    this.tokens.forEach((token, id) => {
      const ids = typeof token === "number" ? this.byteIds : this.ids;
      if (!ids.has(token)) ids.set(token, id);
    });
    this.scores = new Map();
    (data.scores || []).forEach((score, i) => this.scores.set(this.tokens[i + 257], score));
    this.lowest = Math.min(...(data.scores || [0]));
    const found = [...new Set([...this.scores.keys()].join(""))];
    const words = new Set(data.words || "");
    this.wordLike = new Map(found.map((character) => [character, words.has(character)]));
  }

  get size() {
    return this.tokens.length;
  }

  // A token for people: bytes in hexadecimal.
  symbol(id) {
    const token = this.tokens[id];
    if (id === this.end) return "end of text";
    return typeof token === "string" ? token
      : `<0x${token.toString(16).toUpperCase().padStart(2, "0")}>`;
  }

  // Characters of a token: bytes that go on with a character count as none.
  characters(id) {
    const token = this.tokens[id];
    return typeof token === "string" ? [...token].length : (token & 0xc0) === 0x80 ? 0 : 1;
  }

  // The characters of a text, each once, that it cannot encode.
  unknown(text) {
    const lacking = (character) => {
      if (this.ids.has(character) && this.ids.get(character) === this.end) return false;
      if (this.kind === "char" && this.ids.has(character)) return false;
      if (!this.byteIds.size) return true;
      const point = character.codePointAt(0);
      return isHalf(character) && !(this.perByte && point >= 0xdc80 && point <= 0xdcff);
    };
    return [...new Set(text)].filter(lacking);
  }

  // Ids of a text, without the characters that it cannot encode.
  encode(text) {
    const lacking = new Set(this.unknown(text));
    const characters = Array.from(text).filter((character) => !lacking.has(character));
    if (this.kind === "bpe" || this.kind === "unigram") return this._subwords(characters);
    return characters.flatMap((c) => (this.ids.has(c) ? this.ids.get(c) : this._bytes(c)));
  }

  _bytes(character) {
    return bytesOf(character).map((byte) => this.byteIds.get(byte));
  }

  _subwords(characters) {
    const pieces = (part) => (this.kind === "bpe" ? this._bpe(part) : this._unigram(part));
    const alone = (part) => part.length === 1 && (part[0] === SPACE || part[0] === "\n"
      || part[0] === END);
    const id = (piece) => (this.ids.has(piece) ? this.ids.get(piece) : this._bytes(piece));
    return this._segments(characters).flatMap((part) =>
      (alone(part) ? part : pieces(part)).flatMap(id));
  }

  // "a" for a letter, digit or underscore; "." for others; "" for what is always alone.
  _class(character) {
    if (character === " ") return " ";
    if (character === "\n" || character === SPACE || character === END) return "";
    const known = this.wordLike.get(character); // Python's Unicode may be another than ours
    return (known === undefined ? /[\p{L}\p{N}_]/u.test(character) : known) ? "a" : ".";
  }

  // Words and signs, each with the spaces before it: what is encoded by itself.
  _segments(characters) {
    const segments = [];
    const run = (from, kind) => {
      let to = from;
      while (to < characters.length && to - from < MOST && this._class(characters[to]) === kind) to++;
      return to;
    };
    for (let at = 0; at < characters.length; ) {
      let to = run(at, " ");
      const kind = to < characters.length ? this._class(characters[to]) : "";
      if (kind === "a" || kind === ".") to = run(to, kind);
      if (to === at) to++;
      segments.push(characters.slice(at, to));
      at = to;
    }
    return segments;
  }

  // Byte-pair encoding: the pair of the highest score is joined, of equals the first.
  _bpe(parts) {
    for (;;) {
      let best = -1, most = -Infinity;
      for (let i = 0; i + 1 < parts.length; i++) {
        const score = this.scores.get(parts[i] + parts[i + 1]);
        if (score !== undefined && (best < 0 || score > most)) [best, most] = [i, score];
      }
      if (best < 0) return parts;
      parts.splice(best, 2, parts[best] + parts[best + 1]);
    }
  }

  // Unigram: the pieces with the largest sum of scores, rounded as sentencepiece rounds.
  _unigram(parts) {
    const best = new Float32Array(parts.length + 1), from = new Int32Array(parts.length + 1).fill(-1);
    const offer = (start, end, score) => {
      if (from[end] >= 0 && !(score > best[end])) return;
      [best[end], from[end]] = [score, start];
    };
    for (let start = 0; start < parts.length; start++) {
      let piece = "", single = false;
      for (let end = start; end < Math.min(parts.length, start + 16); end++) {
        piece += parts[end];
        const score = this.scores.get(piece);
        if (score === undefined) continue;
        offer(start, end + 1, score + best[start]);
        single = single || end === start;
      }
      const unknown = Math.fround(this.lowest - UNKNOWN_PENALTY);
      if (!single) offer(start, start + 1, Math.fround(unknown + best[start]));
    }
    const found = [];
    for (let end = parts.length; end > 0; end = from[end]) {
      found.unshift(parts.slice(from[end], end).join(""));
    }
    return found;
  }

  // A decoder of one stream of ids: the whole characters that each completes, perhaps none yet.
  decoder() {
    let state = 0, held = [];
    const broken = () => {
      const signs = "\ufffd".repeat(this.perByte ? held.length : Math.min(1, held.length));
      [state, held] = [0, []];
      return signs;
    };
    return (id) => {
      const token = this.tokens[id];
      if (typeof token === "string") return broken() + token;
      let before = "";
      if (stateAfter(state, token) < 0) before = broken();
      const after = stateAfter(state, token);
      if (after < 0) return before + "\ufffd";
      held.push(token);
      state = after;
      if (state) return before;
      const bytes = held.map((byte) => `%${byte.toString(16).padStart(2, "0")}`);
      held = [];
      return before + decodeURIComponent(bytes.join(""));
    };
  }
}
