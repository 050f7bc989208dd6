"use strict";
/* The list of videos with its filters, and the rows of tracks under the player. */

const SVG = "http://www.w3.org/2000/svg";
let listed = [];

const ORDERS = {
  worst: (a, b) => rank(a) - rank(b),
  best: (a, b) => (b.figure ?? -1) - (a.figure ?? -1),
  errors: (a, b) => total(b) - total(a),
  name: (a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }),
};

function rank(video) {
  return video.figure ?? Infinity;
}

function total(video) {
  return Object.values(video.kinds).reduce((sum, number) => sum + number, 0);
}

function value(id) {
  return $(id) ? $(id).value : "";
}

function listVideos() {
  const text = value("find").toLowerCase(), name = value("class"), kind = value("kind"), order = ORDERS[value("order")];
  listed = REPORT.videos
    .filter((v) => v.name.toLowerCase().includes(text) && (!name || v.classes.includes(name)) && (!kind || v.kinds[kind]))
    .sort((a, b) => order(a, b) || a.number - b.number);
  $("list").replaceChildren(...listed.map(entryOf));
  $("count").textContent = listed.length === REPORT.videos.length ? `${listed.length} videos` : `${listed.length} of ${REPORT.videos.length} videos`;
  for (const bar of document.querySelectorAll(".bar")) bar.setAttribute("aria-pressed", bar.dataset.kind === kind && kind !== "");
  markVideo();
}

function entryOf(video) {
  const item = document.createElement("li"), button = document.createElement("button");
  button.type = "button";
  button.dataset.number = video.number;
  const image = Object.assign(new Image(76, 48), { loading: "lazy", alt: "", src: video.picture });
  const middle = part("span", ""), kinds = part("span", "kinds");
  middle.append(part("span", "title", video.name), kinds);
  for (const [kind, number] of Object.entries(video.kinds)) {
    const mark = part("span", "");
    mark.title = REPORT.kinds[kind];
    mark.append(dot(`var(--kind-${kind})`), String(number));
    kinds.append(mark);
  }
  if (!total(video)) kinds.textContent = `${video.length} frames`;
  button.append(image, middle, part("span", "figure", video.figure === null ? "" : video.figure.toFixed(1)));
  button.addEventListener("click", (event) => {
    openVideo(video.number);
    if (event.detail) $("player").focus({ preventScroll: true });
  });
  item.append(button);
  return item;
}

function part(tag, name, text) {
  const element = document.createElement(tag);
  element.className = name;
  if (text !== undefined) element.textContent = text;
  return element;
}

function markVideo() {
  for (const button of $("list").querySelectorAll("button")) {
    const own = Number(button.dataset.number) === state.number;
    button.setAttribute("aria-current", own);
    const list = $("list"), row = button.parentElement;
    if (own && (row.offsetTop < list.scrollTop + list.offsetTop || row.offsetTop + row.offsetHeight > list.scrollTop + list.offsetTop + list.clientHeight)) {
      list.scrollTop = row.offsetTop - list.offsetTop - list.clientHeight / 2;
    }
  }
}

function nextVideo(by) {
  if (!listed.length) return;
  const place = listed.findIndex((video) => video.number === state.number);
  const next = place < 0 ? 0 : Math.max(0, Math.min(place + by, listed.length - 1));
  if (listed[next].number !== state.number) openVideo(listed[next].number);
}

/** A strip in which each frame that shows the track is filled. */
function strip(track, colour) {
  const svg = drawing("svg", { viewBox: `0 0 ${track.masks.length} 1`, preserveAspectRatio: "none", "aria-hidden": "true" });
  let start = null;
  for (let t = 0; t <= track.masks.length; t++) {
    if (track.masks[t] && start === null) start = t;
    if (!track.masks[t] && start !== null) {
      svg.append(drawing("rect", { x: start, y: 0, width: t - start, height: 1, fill: colour }));
      start = null;
    }
  }
  svg.append(drawing("line", { class: "now", x1: 0.5, x2: 0.5, y1: 0, y2: 1 }));
  svg.addEventListener("click", (event) => {
    const box = svg.getBoundingClientRect();
    event.stopPropagation();
    stop();
    show(Math.floor(((event.clientX - box.left) / box.width) * track.masks.length));
  });
  return svg;
}

function drawing(tag, attributes) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, text] of Object.entries(attributes)) element.setAttribute(name, text);
  return element;
}

function listTracks() {
  const { video } = state, groups = [["Truth", video.truth], [video.truth ? "Prediction" : "Tracks", video.found]];
  $("tracks").replaceChildren(...groups.filter(([, tracks]) => tracks).flatMap(([title, tracks]) => [
    part("h3", "", tracks.length ? title : `${title}: nothing`), ...tracks.map(rowOf)]));
  drawLegend();
}

function rowOf(track, place) {
  const row = part("button", "row"), label = part("span", "label"), note = part("span", "note");
  row.type = "button";
  row.setAttribute("aria-pressed", "false");
  label.append(dot(track.colour), `${track.score === undefined && REPORT.figure === "AP" ? `${place + 1} ` : ""}${withScore(track)}`);
  if (track.kind) note.append(dot(`var(--kind-${track.kind})`), `${REPORT.kinds[track.kind]}${track.note ? ", " : ""}`);
  note.append(track.note ?? "");
  row.append(label, strip(track, track.colour), note);
  row.title = "show this one alone";
  row.addEventListener("click", (event) => {
    state.only = state.only === track ? null : track;
    for (const other of $("tracks").querySelectorAll(".row")) other.setAttribute("aria-pressed", other === row && state.only !== null);
    if (event.detail) $("player").focus({ preventScroll: true });
    draw();
  });
  return row;
}

/** The figure of each frame, where there is one. */
function drawCurve() {
  const { curve, frames } = state.video, svg = $("curve");
  svg.toggleAttribute("hidden", !curve);
  if (!curve) return;
  svg.setAttribute("viewBox", `0 -0.05 ${Array.isArray(frames) ? frames.length : frames} 1.1`);
  const points = curve.map((y, t) => (y === null ? "" : `${t + 0.5},${1 - y}`)).join(" ");
  svg.replaceChildren(drawing("polyline", { points }), drawing("line", { class: "now", x1: 0.5, x2: 0.5, y1: 0, y2: 1 }));
}
