"use strict";
/* Draws tracks: outlines as paths, in the colour of the track or of its error. */

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** The outlines in a text that outlines.py has packed, or null for none. */
function unpacked(text) {
  if (!text) return null;
  return text.split(" ").map((outline) => {
    const steps = [];
    let number = 0, shift = 1;
    for (const digit of outline) {
      const bits = DIGITS.indexOf(digit);
      number += (bits & 31) * shift;
      shift *= 32;
      if (bits > 31) continue;
      steps.push(number % 2 ? -(number + 1) / 2 : number / 2);
      number = 0;
      shift = 1;
    }
    return steps;
  });
}

/** The path of one mask: outlines of "x, y" and then steps. */
function pathOf(mask) {
  const path = new Path2D();
  for (const steps of mask) {
    let x = 0, y = 0;
    for (let i = 0; i < steps.length; i += 2) {
      x += steps[i];
      y += steps[i + 1];
      if (i) path.lineTo(x, y); else path.moveTo(x, y);
    }
    path.closePath();
  }
  return path;
}

/** The highest point of a mask, where its label stands. */
function topOf(mask) {
  let best = [0, Infinity];
  for (const steps of mask) {
    let x = 0, y = 0;
    for (let i = 0; i < steps.length; i += 2) {
      x += steps[i];
      y += steps[i + 1];
      if (y < best[1]) best = [x, y];
    }
  }
  return best;
}

/** The value of a colour of style.css, such as "--right". */
function styleColour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function kindColour(kind) {
  return styleColour(kind ? `--kind-${kind}` : "--right");
}

/** Pixels of the canvas per pixel of the screen: lines and labels have the same size wherever the page is shown. */
function density(canvas) {
  return canvas.width / (canvas.clientWidth || canvas.width);
}

function fillMask(context, mask, colour, strength, dashed) {
  const path = pathOf(mask), pixel = density(context.canvas) / context.getTransform().a;
  context.save();
  context.globalAlpha = strength;
  context.fillStyle = colour;
  context.fill(path, "evenodd");
  context.globalAlpha = 0.95;
  context.strokeStyle = colour;
  context.lineWidth = 2 * pixel;
  context.setLineDash(dashed ? [6 * pixel, 4 * pixel] : []);
  context.stroke(path);
  context.restore();
}

/** A label above a mask; it moves down where one of those in `placed` stands. */
function drawLabel(context, mask, text, colour, size, placed) {
  const [x, y] = topOf(mask);
  context.save();
  context.font = `600 ${size}px system-ui, sans-serif`;
  const width = context.measureText(text).width + size * 0.7, height = size * 1.45;
  const left = Math.max(0, Math.min(x - width / 2, context.canvas.width - width));
  let top = Math.max(0, y - height - 2);
  const meets = (box) => left < box[0] + box[2] && box[0] < left + width && top < box[1] + height && box[1] < top + height;
  for (let met; (met = placed.find(meets)); ) top = met[1] + height + 1;
  placed.push([left, top, width]);
  context.fillStyle = "#000b";
  context.fillRect(left, top, width, height);
  context.fillStyle = colour;
  context.fillRect(left, top, size * 0.22, height);
  context.fillStyle = "#fff";
  context.textBaseline = "middle";
  context.fillText(text, left + size * 0.45, top + height / 2);
  context.restore();
}

/** What each view draws of frame t: a list of {mask, colour, strength, dashed, text}. */
const VIEWS = {
  frame: () => [],
  truth: (video, t) => shown(video.truth, t).map((track) => ({ ...plain(track, t), text: track.name })),
  prediction: (video, t) => shown(video.found, t).map((track) => ({ ...plain(track, t), text: withScore(track) })),
  errors: (video, t) => [
    ...shown(video.truth, t).filter((track) => track.kind).map((track) => ({
      mask: track.masks[t], colour: kindColour(track.kind), strength: 0.12, dashed: true,
      text: track.kind === "missed" ? `missed: ${track.name}` : "",
    })),
    ...shown(video.found, t).map((track) => ({
      mask: track.masks[t], colour: kindColour(track.kind), strength: track.kind ? 0.5 : 0.22,
      text: track.kind ? `${REPORT.kinds[track.kind]}: ${withScore(track)}` : "",
    })),
  ],
};

function shown(tracks, t) {
  return (tracks || []).filter((track) => track.masks[t]);
}

function plain(track, t) {
  return { mask: track.masks[t], colour: track.colour, strength: 0.45 };
}

function withScore(track) {
  return track.score === undefined ? track.name : `${track.name} ${track.score.toFixed(2)}`;
}

/** Without kinds of errors, as in DAVIS, errors are pixels: of the truth alone, and of the prediction alone. */
function drawPixelErrors(context, video, t) {
  const pairs = video.found.filter((track) => track.pair !== undefined).map((track) => [video.truth[track.pair], track]);
  const paired = new Set(pairs.map(([truth]) => truth));
  pairs.push(...video.truth.filter((truth) => !paired.has(truth)).map((truth) => [truth, null]));
  for (const [truth, found] of pairs) {
    const own = truth.masks[t], theirs = found && found.masks[t];
    if (own && theirs) layer(context, own, theirs, styleColour("--right"), 0.3, "source-in");
    if (own) layer(context, own, theirs, styleColour("--kind-missed"), 0.75, "destination-out");
    if (theirs) layer(context, theirs, own, styleColour("--kind-masks"), 0.75, "destination-out");
  }
}

function layer(context, mask, other, colour, strength, operation) {
  const canvas = document.createElement("canvas");
  canvas.width = context.canvas.width;
  canvas.height = context.canvas.height;
  const own = canvas.getContext("2d");
  own.setTransform(context.getTransform());
  own.fillStyle = colour;
  own.fill(pathOf(mask), "evenodd");
  if (other) {
    own.globalCompositeOperation = operation;
    own.fill(pathOf(other), "evenodd");
  }
  context.save();
  context.resetTransform();
  context.globalAlpha = strength;
  context.drawImage(canvas, 0, 0);
  context.restore();
}
