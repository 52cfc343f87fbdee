// Reading QR codes in pictures: by the browser where it can, else by jsQR, which is only then loaded.

const LONGEST_SIDE = 1000;

/** Return what finds codes here; it needs no network once the page is kept. */
export async function open() {
  const kinds = await globalThis.BarcodeDetector?.getSupportedFormats().catch(() => []);
  if (kinds?.includes("qr_code")) return new BarcodeDetector({ formats: ["qr_code"] });
  await import("./jsqr.js");
  return null;
}

/** Return a drawing of a picture or of a video's picture of now, no side longer than `longest`. */
export function drawn(picture, longest) {
  const [width, height] = [picture.videoWidth || picture.width, picture.videoHeight || picture.height];
  const shrink = Math.min(1, longest / Math.max(width, height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(width * shrink));
  canvas.height = Math.max(1, Math.round(height * shrink));
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
  return pen;
}

/** Return the texts of the codes in a picture; mostly none or one. */
export async function texts(eye, picture) {
  if (eye) return (await eye.detect(picture)).map((code) => code.rawValue);
  const pen = drawn(picture, LONGEST_SIDE);
  const { data, width, height } = pen.getImageData(0, 0, pen.canvas.width, pen.canvas.height);
  const found = globalThis.jsQR(data, width, height);
  return found ? [found.data] : [];
}
