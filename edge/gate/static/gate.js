// Shows what the gate asks for; back to calm when the gate's agent is away.

const SECTIONS = ["calm", "please", "fire"];
const SILENT_MS = 30e3;
let heard = Date.now();

function show(name) {
  document.body.dataset.shown = name;
  for (const one of SECTIONS) document.getElementById(one).hidden = one !== name;
}

function listen() {
  const stream = new EventSource("/events");
  stream.onmessage = (event) => {
    heard = Date.now();
    const said = JSON.parse(event.data);
    document.getElementById("library").textContent = said.library;
    show(SECTIONS.includes(said.shown) ? said.shown : "calm");
  };
}

setInterval(() => { if (Date.now() - heard > SILENT_MS) show("calm"); }, 5000);
listen();
