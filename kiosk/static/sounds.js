// Short sounds made here; they differ in rhythm, not only in pitch. Every sound has its visual twin.

const SOUNDS = {
  tick: [[1200, 0, 0.035]],
  ok: [[660, 0, 0.09], [880, 0.1, 0.14]],
  attention: [[620, 0, 0.12], [620, 0.2, 0.12], [620, 0.4, 0.12]],
  error: [[330, 0, 0.28], [247, 0.3, 0.42]],
  done: [[523, 0, 0.12], [659, 0.13, 0.12], [784, 0.26, 0.12], [1047, 0.39, 0.3]],
};

let context = null;

/** Play a sound by name; a browser that forbids sound stays silent. */
export function play(name) {
  const notes = SOUNDS[name];
  if (!notes || !window.AudioContext) return;
  context ??= new AudioContext();
  if (context.state === "suspended") context.resume().catch(() => {});
  for (const [pitch, from, length] of notes) {
    const start = context.currentTime + from;
    const tone = context.createOscillator();
    const volume = context.createGain();
    tone.type = "sine";
    tone.frequency.value = pitch;
    volume.gain.setValueAtTime(0, start);
    volume.gain.linearRampToValueAtTime(0.22, start + 0.012);
    volume.gain.exponentialRampToValueAtTime(0.001, start + length);
    tone.connect(volume).connect(context.destination);
    tone.start(start);
    tone.stop(start + length + 0.02);
  }
}
