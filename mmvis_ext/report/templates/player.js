"use strict";
/* Shows one video: loads its script and frames, draws a view of a frame, plays. */

const $ = (id) => document.getElementById(id);
const state = { number: null, video: null, images: [], t: 0, view: REPORT.truth ? "errors" : "prediction", only: null, timer: null };
const loaded = new Map();
const KEPT = 3; // videos that stay in memory

/** Called by the script of a video. */
function reportVideo(number, video) {
  for (const track of [...(video.truth ?? []), ...video.found]) track.masks = track.masks.map(unpacked);
  loaded.set(number, video);
  for (const old of [...loaded.keys()].slice(0, -KEPT)) if (old !== state.number) loaded.delete(old);
  if (number === state.number) begin(video);
}

function openVideo(number) {
  stop();
  Object.assign(state, { number, video: null, t: 0, only: null });
  $("name").textContent = REPORT.videos[number].name;
  $("trouble").textContent = "";
  history.replaceState(null, "", `#${number}`);
  document.dispatchEvent(new Event("video"));
  if (loaded.has(number)) return begin(loaded.get(number));
  const script = document.createElement("script");
  script.src = `data/${number}.js`;
  script.onload = () => script.remove();
  script.onerror = () => { $("trouble").textContent = `data/${number}.js cannot be read; write the report again.`; };
  document.head.append(script);
}

function begin(video) {
  const names = Array.isArray(video.frames) ? video.frames
    : Array.from({ length: video.frames }, (_, t) => `frames/${state.number}/${String(t).padStart(5, "0")}.jpg`);
  state.video = video;
  state.images = names.map(() => null);
  state.names = names;
  $("seek").max = names.length - 1;
  listTracks();
  drawCurve();
  show(0);
}

/** The image of a frame; those that come next are fetched too. */
function imageOf(t) {
  for (let next = t; next < Math.min(t + 12, state.names.length); next++) {
    if (state.images[next]) continue;
    const image = new Image(), number = state.number;
    image.onload = () => { if (number === state.number && next === state.t) draw(); };
    image.onerror = () => { if (number === state.number) $("trouble").textContent = `${state.names[next]} cannot be shown.`; };
    image.src = state.names[next];
    state.images[next] = image;
  }
  return state.images[t];
}

function show(t) {
  if (!state.video) return;
  state.t = Math.max(0, Math.min(t, state.names.length - 1));
  $("seek").value = state.t;
  $("time").textContent = `${state.t + 1} / ${state.names.length}`;
  for (const line of document.querySelectorAll(".now")) {
    line.setAttribute("x1", state.t + 0.5);
    line.setAttribute("x2", state.t + 0.5);
  }
  draw();
}

function draw() {
  const { video, t, view } = state, canvas = $("canvas"), image = imageOf(t);
  const sharp = Math.max(1, Math.min(2, 960 / video.width));
  const [width, height] = [Math.round(video.width * sharp), Math.round(video.height * sharp)];
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  canvas.style.width = `min(100%, ${(66 * video.width / video.height).toFixed(1)}vh)`;
  const context = canvas.getContext("2d");
  context.clearRect(0, 0, width, height);
  if (image.complete && image.naturalWidth) context.drawImage(image, 0, 0, width, height);
  context.setTransform(sharp, 0, 0, sharp, 0, 0);
  if (state.only) fillMaskOf(context, state.only, t);
  else if (view === "errors" && !Object.keys(REPORT.videos[state.number].kinds).length && REPORT.figure !== "AP") drawPixelErrors(context, video, t);
  else drawTracks(context, VIEWS[view](video, t));
  context.resetTransform();
  canvas.dataset.frame = t;
  canvas.dataset.view = view;
  canvas.setAttribute("aria-label", `frame ${t + 1} of ${state.names.length} of ${REPORT.videos[state.number].name}: ${view}`);
}

function drawTracks(context, items) {
  for (const item of items) fillMask(context, item.mask, item.colour, item.strength, item.dashed);
  const scale = context.getTransform().a;
  context.save();
  context.resetTransform();
  const size = 13 * density(context.canvas), placed = [];
  for (const item of items) {
    if (item.text) drawLabel(context, scaled(item.mask, scale), item.text, item.colour, size, placed);
  }
  context.restore();
}

function scaled(mask, scale) {
  return mask.map((steps) => steps.map((step) => step * scale));
}

function fillMaskOf(context, track, t) {
  if (track.masks[t]) fillMask(context, track.masks[t], track.colour, 0.5, false);
}

function setView(view) {
  const button = document.querySelector(`[data-view="${view}"]`);
  if (!button) return;
  state.view = view;
  for (const other of document.querySelectorAll("[data-view]")) other.setAttribute("aria-pressed", other === button);
  drawLegend();
  if (state.video) draw();
}

function drawLegend() {
  const pixels = REPORT.figure !== "AP";
  const items = state.view !== "errors" ? [] : pixels
    ? [["right", "--right"], ["truth alone", "--kind-missed"], ["prediction alone", "--kind-masks"]]
    : [["right", "--right"], ...Object.keys(REPORT.videos[state.number ?? 0]?.kinds ?? {}).map((k) => [REPORT.kinds[k], `--kind-${k}`])];
  $("legend").replaceChildren(...items.map(([name, colour]) => {
    const item = document.createElement("span");
    item.append(dot(`var(${colour})`), name);
    return item;
  }));
}

function dot(colour) {
  const mark = document.createElement("i");
  mark.className = "dot";
  mark.style.setProperty("--own", colour);
  return mark;
}

function play() {
  if (state.timer || !state.video) return stop();
  if (state.t === state.names.length - 1) show(0);
  state.timer = setInterval(() => {
    const next = (state.t + 1) % state.names.length, image = imageOf(next);
    if (image.complete) show(next);
  }, 1000 / Number($("fps").value));
  $("play").textContent = "❚❚";
  $("play").setAttribute("aria-label", "stop");
}

function stop() {
  clearInterval(state.timer);
  state.timer = null;
  $("play").textContent = "▶";
  $("play").setAttribute("aria-label", "play");
}

function step(by) {
  stop();
  show(state.t + by);
}
