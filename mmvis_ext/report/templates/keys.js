"use strict";
/* Keys and buttons, and the first video. */

const KEYS = {
  " ": play,
  ArrowLeft: () => step(-1),
  ArrowRight: () => step(1),
  Home: () => step(-Infinity),
  End: () => step(Infinity),
  1: () => setView("frame"),
  2: () => setView("truth"),
  3: () => setView("prediction"),
  4: () => setView("errors"),
  ArrowUp: () => nextVideo(-1),
  ArrowDown: () => nextVideo(1),
  p: () => nextVideo(-1),
  n: () => nextVideo(1),
  "?": () => $("help").showModal(),
};

document.addEventListener("keydown", (event) => {
  const typed = event.target.closest("select, input[type=search], dialog");
  const own = event.target.closest("button, summary") && (event.key === " " || event.key === "Enter");
  const slides = event.target.id === "seek" && ["Home", "End"].includes(event.key);
  if (typed || own || slides || event.ctrlKey || event.metaKey || event.altKey || !KEYS[event.key]) return;
  event.preventDefault();
  KEYS[event.key]();
});

const BUTTONS = {
  play, back: () => step(-1), forth: () => step(1), previous: () => nextVideo(-1), next: () => nextVideo(1),
  "help-button": KEYS["?"],
};
for (const [id, action] of Object.entries(BUTTONS)) {
  $(id).addEventListener("click", (event) => {
    if (event.detail) $("player").focus({ preventScroll: true }); // so that the space bar plays after a click
    action();
  });
}
for (const button of document.querySelectorAll("[data-view]")) {
  button.addEventListener("click", (event) => {
    if (event.detail) $("player").focus({ preventScroll: true });
    setView(button.dataset.view);
  });
}
for (const bar of document.querySelectorAll(".bar")) {
  bar.addEventListener("click", () => {
    $("kind").value = $("kind").value === bar.dataset.kind ? "" : bar.dataset.kind;
    listVideos();
    if (listed.length && !listed.some((video) => video.number === state.number)) openVideo(listed[0].number);
  });
}
for (const id of ["find", "class", "kind", "order"]) $(id)?.addEventListener("input", listVideos);
$("seek").addEventListener("input", (event) => { stop(); show(Number(event.target.value)); });
$("fps").addEventListener("change", () => { if (state.timer) { stop(); play(); } });
document.addEventListener("video", () => { markVideo(); drawLegend(); });
addEventListener("resize", () => { if (state.video) draw(); });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { if (state.video) draw(); });

setView(state.view);
listVideos();
const asked = Number(location.hash.slice(1));
if (location.hash && REPORT.videos[asked]) openVideo(asked);
else if (listed.length) openVideo(listed[0].number);
