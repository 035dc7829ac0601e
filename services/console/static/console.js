// How far an upload is; everything else on these pages works without scripts.
"use strict";
document.addEventListener("htmx:xhr:progress", (event) => {
  const bar = event.target.querySelector ? event.target.querySelector("progress") : null;
  if (!bar || !event.detail.lengthComputable) return;
  bar.max = event.detail.total;
  bar.value = event.detail.loaded;
  const words = event.target.querySelector("[data-progress]");
  if (!words) return;
  const percent = Math.floor((100 * event.detail.loaded) / event.detail.total);
  words.textContent = percent < 100 ? `Mengunggah ${percent}%` : "Terkirim. Setiap baris sedang diperiksa …";
});
// Saying it twice would be sending it twice.
document.addEventListener("submit", (event) => {
  const asked = event.target.getAttribute("data-confirm");
  if (asked && !window.confirm(asked)) event.preventDefault();
});
