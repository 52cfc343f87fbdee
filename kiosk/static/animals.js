// Friendly faces for children: an animal in a colour, drawn from a few shapes. "cat-3" is a picture.

const FILLS = ["#F2B93B", "#74B25F", "#5FA0D8", "#E98FAB", "#A287CF", "#E98A45"];
const INK = "#1C2430";
const EYES = `<g fill="${INK}"><circle cx="37" cy="52" r="5"/><circle cx="63" cy="52" r="5"/></g>`;
const SMILE = `<path d="M42 72q8 8 16 0" fill="none" stroke="${INK}" stroke-width="3.5" stroke-linecap="round"/>`;
const NOSE = `<ellipse cx="50" cy="64" rx="5" ry="4" fill="${INK}"/>`;
const SNOUT = '<ellipse cx="50" cy="69" rx="17" ry="13" fill="#fff" fill-opacity=".75"/>';
const face = (fill, more = "") => `<circle cx="50" cy="57" r="33" fill="${fill}"/>${more}`;
const twice = (shape) => `${shape}<g transform="matrix(-1 0 0 1 100 0)">${shape}</g>`;

const FACES = {
  cat: (f) => twice(`<path d="M19 46L23 13l26 15z" fill="${f}"/>`) + face(f, EYES + NOSE + SMILE)
    + twice(`<path d="M14 62l16 3M15 73l15-3" stroke="${INK}" stroke-width="2.5" stroke-linecap="round"/>`),
  dog: (f) => face(f) + twice(`<path d="M27 28q-20 4-15 38q10 4 14-8z" fill="${INK}" fill-opacity=".55"/>`) + SNOUT + EYES + NOSE + SMILE,
  rabbit: (f) => twice(`<ellipse cx="36" cy="23" rx="9" ry="22" fill="${f}"/><ellipse cx="36" cy="25" rx="4" ry="15" fill="#fff" fill-opacity=".6"/>`)
    + face(f, EYES + NOSE + SMILE),
  bear: (f) => twice(`<circle cx="24" cy="30" r="13" fill="${f}"/><circle cx="24" cy="30" r="6" fill="#fff" fill-opacity=".6"/>`) + face(f, SNOUT + EYES + NOSE + SMILE),
  elephant: (f) => twice(`<circle cx="19" cy="52" r="18" fill="${f}" fill-opacity=".75"/>`) + face(f, EYES)
    + `<path d="M50 62v18q0 10 12 9" fill="none" stroke="${f}" stroke-width="14" stroke-linecap="round"/><path d="M44 70h12M45 79h11" stroke="${INK}" stroke-opacity=".4" stroke-width="2.5"/>`,
  frog: (f) => `<ellipse cx="50" cy="62" rx="37" ry="28" fill="${f}"/>`
    + twice(`<circle cx="30" cy="34" r="14" fill="${f}"/><circle cx="30" cy="34" r="9" fill="#fff"/><circle cx="31" cy="35" r="5" fill="${INK}"/>`)
    + `<path d="M27 66q23 18 46 0" fill="none" stroke="${INK}" stroke-width="4" stroke-linecap="round"/>`,
  chick: (f) => `<path d="M44 26q0-12 8-16q-1 9 8 13z" fill="${f}"/>` + face(f, EYES) + `<path d="M40 63h20l-10 12z" fill="#C8501E"/>`,
  fish: (f) => `<path d="M72 54l22-18v36z" fill="${f}"/><ellipse cx="45" cy="54" rx="36" ry="25" fill="${f}"/><circle cx="28" cy="48" r="8" fill="#fff"/><circle cx="27" cy="48" r="4.5" fill="${INK}"/>`
    + `<path d="M44 38q9 16 0 32M56 38q9 16 0 32" fill="none" stroke="#fff" stroke-opacity=".7" stroke-width="4"/><path d="M14 62q6 5 12 1" fill="none" stroke="${INK}" stroke-width="3" stroke-linecap="round"/>`,
  panda: (f) => twice(`<circle cx="24" cy="31" r="12" fill="${f}"/>`) + face("#fff", twice(`<ellipse cx="36" cy="52" rx="11" ry="13" fill="${f}" transform="rotate(25 36 52)"/>`) + EYES + NOSE + SMILE),
  buffalo: (f) => twice(`<path d="M32 34Q8 36 6 12q12 12 32 12z" fill="${INK}" fill-opacity=".7"/><ellipse cx="16" cy="48" rx="10" ry="6" fill="${f}"/>`) + face(f, SNOUT + EYES)
    + `<g fill="${INK}"><circle cx="43" cy="69" r="3"/><circle cx="57" cy="69" r="3"/></g>`,
  turtle: (f) => `<path d="M10 70a34 34 0 0 1 66 0z" fill="${f}"/><path d="M30 44l13 12l14-12M43 56v14" fill="none" stroke="#fff" stroke-opacity=".8" stroke-width="4"/><circle cx="82" cy="60" r="14" fill="${f}"/>`
    + `<circle cx="86" cy="56" r="3.5" fill="${INK}"/><path d="M82 67q6 3 10-1" fill="none" stroke="${INK}" stroke-width="3" stroke-linecap="round"/><path d="M22 70v12M62 70v12" stroke="${f}" stroke-width="11" stroke-linecap="round"/>`,
  owl: (f) => twice(`<path d="M18 48V18l24 14z" fill="${f}"/>`) + face(f, twice(`<circle cx="36" cy="50" r="14" fill="#fff"/><circle cx="37" cy="51" r="6.5" fill="${INK}"/>`) + '<path d="M44 62h12l-6 11z" fill="#C8501E"/>'),
};

/** Return the drawing of a picture; one that this page does not know is a plain friendly face. */
export function animal(picture) {
  const [name, colour] = picture.split("-");
  const fill = FILLS[Number(colour) % FILLS.length] ?? FILLS[0];
  return `<svg viewBox="0 0 100 100"><circle cx="50" cy="50" r="49" fill="${fill}" fill-opacity=".2"/>${(FACES[name] ?? ((f) => face(f, EYES + SMILE)))(fill)}</svg>`;
}
