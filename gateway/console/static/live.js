// The live state: small pieces by name, kept up to date by the gateway's stream.

const docs = new Map();
const kinds = new Map();

/** Take a message in; return the kinds of pieces that changed. */
export function take(message) {
  const touched = new Set();
  if (message.reset) { docs.clear(); kinds.clear(); touched.add("all"); }
  for (const [key, fields] of Object.entries(message.set ?? {})) {
    put(key, { ...docs.get(key), ...fields });
    touched.add(kind(key));
  }
  for (const key of message.gone ?? []) {
    docs.delete(key);
    kinds.get(kind(key))?.delete(key);
    touched.add(kind(key));
  }
  return touched;
}

function kind(key) { return key.slice(0, key.indexOf("/")); }

function put(key, doc) {
  docs.set(key, doc);
  if (!kinds.has(kind(key))) kinds.set(kind(key), new Map());
  kinds.get(kind(key)).set(key, doc);
}

function all(name) { return [...(kinds.get(name)?.values() ?? [])]; }

const by = (...keys) => (a, b) => {
  for (const key of keys) {
    const [x, y] = [key(a), key(b)];
    if (x !== y) return x < y ? -1 : 1;
  }
  return 0;
};

/** Return everything the page shows, put together. */
export function board(now) {
  const sites = all("sites").sort(by((s) => s.site));
  const centre = { ...docs.get("centre/ledger"), ...docs.get("centre/state") };
  const sum = (name) => sites.reduce((n, site) => n + (site[name] ?? 0), 0);
  return {
    now, broker: centre.broker, full: centre.full, ils: centre.ils, sites,
    devices: all("devices").sort(by((d) => d.site, (d) => d.device)),
    worklist: all("worklist").sort(by(
      (e) => e.code !== "STAFF_CALLED", (e) => e.code !== "GATE_ALARM", (e) => e.severity !== "action", (e) => -e.opened)),
    bins: all("bins").sort(by((b) => b.device, (b) => b.bin)),
    desks: all("desks"),
    recent: all("recent").sort(by((f) => -f.arrival)),
    alarms: all("alarms").sort(by((f) => -f.at)),
    settled: all("settled").sort(by((e) => -e.at)),
    totals: { open: sum("open"), action: sum("action"), loans_open: centre.loans_open, facts: centre.facts },
    today: { start: centre.start, opens: centre.opens, closes: centre.closes, ...day(sites), entered: sum("entered"), left: sum("left") },
  };
}

function day(sites) {
  const counts = {}, hours = Array.from({ length: 24 }, () => ({ loan: 0, return: 0 }));
  for (const site of sites) {
    for (const [name, n] of Object.entries(site.counts ?? {})) counts[name] = (counts[name] ?? 0) + n;
    for (const [hour, row] of Object.entries(site.hours ?? {})) {
      for (const [name, n] of Object.entries(row)) hours[hour][name] += n;
    }
  }
  return { counts, hours };
}

/** Follow the stream; `heard` gets each message, `lost` is told when the line is gone. */
export function follow(heard, lost, stranger) {
  const stream = new EventSource("/api/events");
  stream.onmessage = (event) => heard(JSON.parse(event.data));
  stream.onerror = async () => {
    lost();
    if (stream.readyState !== EventSource.CLOSED) return;
    const me = await fetch("/api/me").then((answer) => answer.json()).catch(() => null);
    if (me && me.account === null) stranger();
    else setTimeout(() => follow(heard, lost, stranger), 2000);
  };
  return stream;
}
