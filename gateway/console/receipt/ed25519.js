// Ed25519 (RFC 8032): is this signature that key's? The browser's own where it has it, else these lines.
// Only public things are reckoned with here, so that nothing depends on how long it takes.

const P = 2n ** 255n - 19n;
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;
const WORD = (1n << 64n) - 1n;
const mod = (a, m = P) => ((a % m) + m) % m;

function power(base, exponent) {
  let result = 1n, b = mod(base);
  for (let e = exponent; e > 0n; e >>= 1n) {
    if (e & 1n) result = (result * b) % P;
    b = (b * b) % P;
  }
  return result;
}

const D = mod(-121665n * power(121666n, P - 2n));
const ROOT = power(2n, (P - 1n) / 4n); // of minus one
const fromBytes = (bytes) => bytes.reduceRight((n, byte) => (n << 8n) | BigInt(byte), 0n);

/** Return the point of 32 bytes as [X, Y, Z, T], or null when there is none. */
function point(bytes) {
  const raw = fromBytes(bytes), odd = raw >> 255n, y = raw & ((1n << 255n) - 1n);
  if (y >= P) return null;
  const u = mod(y * y - 1n), v = mod(D * y * y + 1n);
  let x = mod(u * power(v, 3n) * power(u * power(v, 7n), (P - 5n) / 8n));
  const check = mod(v * x * x);
  if (check === mod(-u)) x = mod(x * ROOT);
  else if (check !== u) return null;
  if (x === 0n && odd) return null;
  if ((x & 1n) !== odd) x = P - x;
  return [x, y, 1n, mod(x * y)];
}

function add([x1, y1, z1, t1], [x2, y2, z2, t2]) {
  const a = mod((y1 - x1) * (y2 - x2)), b = mod((y1 + x1) * (y2 + x2));
  const c = mod(2n * D * t1 * t2), d = mod(2n * z1 * z2);
  const e = b - a, f = d - c, g = d + c, h = b + a;
  return [mod(e * f), mod(g * h), mod(f * g), mod(e * h)];
}

function times(p, scalar) {
  let sum = [0n, 1n, 1n, 0n], q = p;
  for (let n = scalar; n > 0n; n >>= 1n) {
    if (n & 1n) sum = add(sum, q);
    q = add(q, q);
  }
  return sum;
}

function toBytes([x, y, z]) {
  const inverse = power(z, P - 2n), px = mod(x * inverse);
  let n = mod(y * inverse) | ((px & 1n) << 255n);
  return Uint8Array.from({ length: 32 }, () => { const byte = Number(n & 255n); n >>= 8n; return byte; });
}

/** Return the whole root of a number: the largest r with r to the power k not above it. */
function root(n, k) {
  let low = 0n, high = 1n << (BigInt(n.toString(2).length) / k + 1n);
  while (high - low > 1n) {
    const middle = (low + high) >> 1n;
    if (middle ** k <= n) low = middle; else high = middle;
  }
  return low;
}

const PRIMES = [];
for (let n = 2n; PRIMES.length < 80; n += 1n) if (PRIMES.every((p) => n % p)) PRIMES.push(n);
const START = PRIMES.slice(0, 8).map((p) => root(p << 128n, 2n) & WORD);
const ROUNDS = PRIMES.map((p) => root(p << 192n, 3n) & WORD);
const turn = (x, n) => ((x >> n) | (x << (64n - n))) & WORD;

/** SHA-512 (FIPS 180-4), for the short texts of receipts. */
export function sha512(message) {
  const whole = new Uint8Array(Math.ceil((message.length + 17) / 128) * 128);
  whole.set(message);
  whole[message.length] = 0x80;
  new DataView(whole.buffer).setBigUint64(whole.length - 8, BigInt(message.length) * 8n);
  const view = new DataView(whole.buffer);
  let state = [...START];
  for (let at = 0; at < whole.length; at += 128) {
    const w = Array.from({ length: 16 }, (_, n) => view.getBigUint64(at + n * 8));
    for (let n = 16; n < 80; n += 1) {
      const a = w[n - 15], b = w[n - 2];
      w.push((w[n - 16] + (turn(a, 1n) ^ turn(a, 8n) ^ (a >> 7n)) + w[n - 7] + (turn(b, 19n) ^ turn(b, 61n) ^ (b >> 6n))) & WORD);
    }
    let [a, b, c, d, e, f, g, h] = state;
    for (let n = 0; n < 80; n += 1) {
      const one = h + (turn(e, 14n) ^ turn(e, 18n) ^ turn(e, 41n)) + ((e & f) ^ (~e & WORD & g)) + ROUNDS[n] + w[n];
      const two = (turn(a, 28n) ^ turn(a, 34n) ^ turn(a, 39n)) + ((a & b) ^ (a & c) ^ (b & c));
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + one) & WORD, c, b, a, (one + two) & WORD];
    }
    state = state.map((old, n) => (old + [a, b, c, d, e, f, g, h][n]) & WORD);
  }
  const out = new DataView(new ArrayBuffer(64));
  state.forEach((word, n) => out.setBigUint64(n * 8, word));
  return new Uint8Array(out.buffer);
}

const BASE = point(Uint8Array.from({ length: 32 }, (_, n) => (n ? 0x66 : 0x58)));

/** Say whether a signature (64 bytes) of a message is that of a key (32 bytes), with these lines alone. */
export function reckoned(message, signature, key) {
  const s = fromBytes(signature.slice(32)), a = point(key);
  if (signature.length !== 64 || key.length !== 32 || s >= ORDER || !a) return false;
  const r = signature.slice(0, 32);
  const k = mod(fromBytes(sha512(new Uint8Array([...r, ...key, ...message]))), ORDER);
  const minus = [mod(-a[0]), a[1], a[2], mod(-a[3])];
  const found = toBytes(add(times(BASE, s), times(minus, k)));
  return found.every((byte, n) => byte === r[n]);
}

/** Say whether a signature is genuine; the browser's own Ed25519 goes first. */
export async function genuine(message, signature, key) {
  try {
    const known = await crypto.subtle.importKey("raw", key, { name: "Ed25519" }, false, ["verify"]);
    return await crypto.subtle.verify({ name: "Ed25519" }, known, signature, message);
  } catch {
    return reckoned(message, signature, key);
  }
}
