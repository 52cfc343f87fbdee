// The code of a receipt, read and checked as edge/wire/proofs.py does; nothing is asked of anybody.

import { genuine } from "./ed25519.js";

const HEAD = "SW1:", LONGEST = 4296, LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const DEEDS = ["lent", "returned", "renewed"];
const words = new TextEncoder();

class NotWhole extends Error {}

function unpadded(text) {
  const bytes = [];
  let bits = 0, held = 0;
  for (const letter of text) {
    const value = LETTERS.indexOf(letter);
    if (value < 0) throw new NotWhole();
    held = ((held << 5) | value) & 0xfff;
    bits += 5;
    if (bits >= 8) { bits -= 8; bytes.push((held >> bits) & 0xff); }
  }
  return Uint8Array.from(bytes);
}

/** Read one msgpack value of the kinds that receipts have: arrays, byte strings, texts, numbers. */
function unpack(bytes) {
  let at = 0;
  const take = (n) => {
    if (at + n > bytes.length) throw new NotWhole();
    at += n;
    return bytes.slice(at - n, at);
  };
  const number = (n) => take(n).reduce((sum, byte) => sum * 256 + byte, 0);
  const list = (n) => Array.from({ length: n }, value);
  const text = (n) => new TextDecoder("utf-8", { fatal: true }).decode(take(n));
  function value() {
    const kind = number(1);
    if (kind < 0x80) return kind;
    if ((kind & 0xf0) === 0x90) return list(kind & 0x0f);
    if ((kind & 0xe0) === 0xa0) return text(kind & 0x1f);
    const more = { 0xc4: () => take(number(1)), 0xc5: () => take(number(2)), 0xcc: () => number(1), 0xcd: () => number(2), 0xce: () => number(4),
      0xcf: () => number(8), 0xd9: () => text(number(1)), 0xdc: () => list(number(2)) }[kind];
    if (!more) throw new NotWhole();
    return more();
  }
  const found = value();
  if (at !== bytes.length) throw new NotWhole();
  return found;
}

const isBytes = (value, n) => value instanceof Uint8Array && (n === undefined || value.length === n);
const isNumber = (value) => Number.isSafeInteger(value) && value >= 0;
const joined = (head, bytes) => new Uint8Array([...words.encode(head), ...bytes]);
export const hex = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const unhex = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));

function parts(text) {
  if (!text.startsWith(HEAD) || text.length > LONGEST) throw new NotWhole();
  const whole = unpack(unpadded(text.slice(HEAD.length)));
  const [cert, certSign, slip, slipSign] = Array.isArray(whole) && whole.length === 4 ? whole : [];
  if (!isBytes(cert) || !isBytes(certSign, 64) || !isBytes(slip) || !isBytes(slipSign, 64)) throw new NotWhole();
  return { cert, certSign, slip, slipSign };
}

function entry(line) {
  const [what, item, due] = Array.isArray(line) && line.length === 3 ? line : [];
  if (!isNumber(what) || what > 6 || what % 4 > 2 || typeof item !== "string" || !isNumber(due)) throw new NotWhole();
  return { deed: DEEDS[what % 4], sure: what < 4, item, due: due * 60_000 };
}

/** Return what a receipt says, or `{why}`: a word for why it is not believed. */
export async function check(given, trust) {
  const text = given.trim().toUpperCase();
  if (!text.startsWith(HEAD)) return { why: "none" };
  try {
    const { cert, certSign, slip, slipSign } = parts(text);
    const signed = await Promise.all(trust.centres.map((key) => genuine(joined("shelfwire receipt key 1\n", cert), certSign, unhex(key))));
    if (!signed.includes(true)) return { why: "changed" };
    const [site, device, key, until, ...extra] = unpack(cert);
    if (typeof site !== "string" || typeof device !== "string" || !isBytes(key, 32) || !isNumber(until) || extra.length) return { why: "changed" };
    if (!await genuine(joined("shelfwire receipt 1\n", slip), slipSign, key)) return { why: "changed" };
    const [at, number, lines, ...rest] = unpack(slip);
    if (!isNumber(at) || !isBytes(number, 4) || !Array.isArray(lines) || lines.length > 200 || rest.length) return { why: "changed" };
    const since = trust.stopped[hex(key)];
    if (at > until || (since !== undefined && at * 1000 >= since)) return { why: "stopped" };
    return { site, device, at: at * 1000, number: hex(number).toUpperCase(), entries: lines.map(entry) };
  } catch (error) {
    if (error instanceof NotWhole || error instanceof TypeError) return { why: "broken" };
    throw error;
  }
}
