// Keeps the page of receipts on the phone: after one visit it works without a network.

const CACHE = "shelfwire-receipt-2";
const PAGE = ["./", "receipt.js", "proof.js", "ed25519.js", "eye.js", "jsqr.js", "receipt.css", "words.json", "keys.json", "/look/tokens.css", "/look/icons.svg"];

addEventListener("install", (event) => event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(PAGE)).then(() => skipWaiting())));
addEventListener("activate", (event) => event.waitUntil((async () => {
  for (const name of await caches.keys()) if (name.startsWith("shelfwire-receipt-") && name !== CACHE) await caches.delete(name);
  await clients.claim();
})()));

/** What is new goes first; without a network what was kept. */
async function answer(request) {
  const cache = await caches.open(CACHE);
  try {
    const fresh = await fetch(request);
    if (fresh.ok) await cache.put(request, fresh.clone());
    return fresh;
  } catch (error) {
    const kept = await cache.match(request, { ignoreSearch: true });
    if (kept) return kept;
    throw error;
  }
}

addEventListener("fetch", (event) => {
  const { pathname, origin } = new URL(event.request.url);
  const ours = origin === location.origin && (pathname.startsWith("/receipt/") || pathname.startsWith("/look/"));
  if (event.request.method === "GET" && ours) event.respondWith(answer(event.request));
});
