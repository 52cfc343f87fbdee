// Our own drawings: a hand that puts a book on the pad, a card that is shown, a tick.

export const HAND = `
<svg viewBox="60 22 410 270">
  <g class="waves" fill="none" stroke="#0B5A5E" stroke-width="5" stroke-linecap="round">
    <path d="M188 214q52-26 104 0"/><path d="M164 196q76-40 152 0"/><path d="M140 178q100-54 200 0"/>
  </g>
  <rect x="70" y="236" width="340" height="34" rx="12" fill="#0B5A5E"/>
  <rect x="94" y="228" width="292" height="14" rx="7" fill="#083F42"/>
  <rect x="120" y="270" width="240" height="14" rx="4" fill="#C9C1AD"/>
  <g class="resting">
    <rect x="142" y="196" width="184" height="32" rx="5" fill="#8A5A1C"/>
    <path d="M150 202h176v20h-176z" fill="#FBF8F1"/><path d="M150 209h176M150 215h176" stroke="#D9D0BA" stroke-width="2"/>
    <path d="M142 196h10v32h-10a5 5 0 0 1-5-5v-22a5 5 0 0 1 5-5z" fill="#6B4416"/>
  </g>
  <g class="lowering">
    <g class="fingers" fill="#D9A983">
      <rect x="262" y="146" width="74" height="13" rx="6.5"/><rect x="256" y="158" width="80" height="13" rx="6.5"/>
    </g>
    <rect x="150" y="112" width="170" height="40" rx="5" fill="#A8321F"/>
    <path d="M160 119h160v26h-160z" fill="#FBF8F1"/><path d="M160 127h160M160 136h160" stroke="#D9D0BA" stroke-width="2"/>
    <path d="M150 112h10v40h-10a5 5 0 0 1-5-5v-30a5 5 0 0 1 5-5z" fill="#7B2D26"/>
    <path d="M300 99c-16-3-34 0-44 5-8 4-6 14 3 14h40l20 22v22h46c10 0 18-8 18-18V96c0-8-6-14-14-14-26 0-52 8-69 17z" fill="#E8BE9B"/>
    <path d="M362 74h88a10 10 0 0 1 10 10v80a10 10 0 0 1-10 10h-88a8 8 0 0 1-8-8V82a8 8 0 0 1 8-8z" fill="#0B5A5E"/>
    <path d="M354 90h16v68h-16z" fill="#FBF8F1"/>
  </g>
</svg>`;

export const CARD = `
<svg viewBox="140 20 200 270">
  <rect x="150" y="196" width="180" height="84" rx="14" fill="#083F42"/>
  <rect x="164" y="208" width="152" height="60" rx="9" fill="#0B5A5E"/>
  <g class="waves" fill="none" stroke="#0B5A5E" stroke-width="5" stroke-linecap="round">
    <path d="M204 178q36-20 72 0"/><path d="M186 162q54-30 108 0"/><path d="M168 146q72-40 144 0"/>
  </g>
  <path d="M222 238a26 26 0 0 1 36 0M230 248a14 14 0 0 1 20 0" fill="none" stroke="#FBF8F1" stroke-width="5" stroke-linecap="round"/>
  <g class="showing">
    <rect x="150" y="30" width="180" height="112" rx="12" fill="#FFFFFF" stroke="#0B5A5E" stroke-width="4"/>
    <rect x="150" y="48" width="180" height="18" fill="#F2C14E"/>
    <rect x="168" y="80" width="42" height="46" rx="6" fill="#E3EFEE"/>
    <circle cx="189" cy="96" r="8" fill="#0B5A5E"/><path d="M174 126c0-20 30-20 30 0z" fill="#0B5A5E"/>
    <path d="M226 88h84M226 104h84M226 120h54" stroke="#8A8F98" stroke-width="6" stroke-linecap="round"/>
  </g>
</svg>`;

export const TICK = `
<svg viewBox="0 0 120 120">
  <circle cx="60" cy="60" r="56" fill="#2C6A3C"/>
  <path class="stroke" d="M34 62l18 18 36-40" fill="none" stroke="#FFFFFF" stroke-width="11" stroke-linecap="round" stroke-linejoin="round"/>
</svg>`;

export const LOOK_HERE = `
<svg viewBox="0 0 120 120">
  <circle cx="60" cy="60" r="56" fill="#F2C14E"/>
  <path d="M60 32v36" stroke="#1C2430" stroke-width="11" stroke-linecap="round"/><circle cx="60" cy="88" r="7" fill="#1C2430"/>
</svg>`;

export const REST = `
<svg viewBox="0 0 120 120">
  <circle cx="60" cy="60" r="56" fill="#44546A"/>
  <path d="M46 40v40M74 40v40" stroke="#FFFFFF" stroke-width="11" stroke-linecap="round"/>
</svg>`;
