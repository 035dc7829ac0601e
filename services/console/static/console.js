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
// Saying it twice would be sending it twice. (Without scripts the services notice a second click themselves.)
document.addEventListener("submit", (event) => {
  const form = event.target;
  const asked = form.getAttribute("data-confirm");
  if (form.dataset.sent || (asked && !window.confirm(asked))) {
    event.preventDefault();
    return;
  }
  if (form.getAttribute("method") !== "post" || form.hasAttribute("hx-post")) return;
  form.dataset.sent = "1";
  setTimeout(() => delete form.dataset.sent, 3000);
});
