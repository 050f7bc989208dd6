"""Stream a video through a file of `mmvis export`, with ONNX Runtime, NumPy and OpenCV alone.

python examples/onnx_stream.py MODEL.onnx VIDEO [OVERLAY.mp4]
"""

import json
import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import onnxruntime


def stream(model: str | Path, video: Iterable[np.ndarray]) -> Iterator[tuple[np.ndarray, list[dict]]]:
    """Yield each RGB frame (H,W,3) with the objects in it; boxes are xyxy, masks (H,W) bool, in the frame's pixels."""
    sessions = [onnxruntime.InferenceSession(model)]
    info = json.loads(sessions[0].get_modelmeta().custom_metadata_map["mmvis"])
    if "between" in info:  # of InsPro-lite, which computes less between its key frames
        sessions.append(onnxruntime.InferenceSession(Path(model).with_name(info["between"])))
    state = {name: np.zeros(x["shape"], x["dtype"]) for name, x in info["inputs"].items() if name != "frames"}
    frames, size = iter(video), (info["width"], info["height"])
    for step in range(sys.maxsize):
        if not (window := list(islice(frames, info["window"]))):
            return
        full = window + window[-1:] * (info["window"] - len(window))  # the last window may be shorter
        inputs = {"frames": np.stack([cv2.resize(frame, size) for frame in full]), **state}
        session = sessions[step % info.get("key_interval", 1) > 0]
        found = dict(zip(info["outputs"], session.run(list(info["outputs"]), inputs), strict=True))
        state = {name: found[name.replace("state.", "next.")] for name in state}
        for t, frame in enumerate(window):
            shown = np.flatnonzero(found["visible"][:, t])
            yield frame, [one_object(found, i, t, info, frame.shape[:2]) for i in shown]


def one_object(found: dict[str, np.ndarray], i: int, t: int, info: dict, shape: tuple[int, int]) -> dict:
    """What place `i` shows in frame `t` of a window."""
    scores = found["scores"][i, t] * (found["objectness"][i, t] if "objectness" in found else 1)
    scale = np.array([shape[1] / info["width"], shape[0] / info["height"]] * 2)
    name = info["classes"][scores.argmax()]
    seen = dict(id=int(found["track_ids"][i]), name=name, score=scores.max(), box=found["boxes"][i, t] * scale)
    if "masks" in found:
        seen["mask"] = cv2.resize(found["masks"][i, t], shape[::-1]) > info["mask_threshold"]
    return seen


if __name__ == "__main__":
    capture, writer = cv2.VideoCapture(sys.argv[2]), None
    images = (image[..., ::-1] for ok, image in iter(capture.read, (False, None)) if ok)
    for number, (frame, objects) in enumerate(stream(sys.argv[1], images)):
        for seen in objects:
            print(number, seen["id"], seen["name"], f"{seen['score']:.2f}", *seen["box"].round(1))
            if "mask" in seen:
                frame[seen["mask"]] = frame[seen["mask"]] // 2 + np.random.default_rng(seen["id"]).integers(0, 128, 3)
        if len(sys.argv) > 3:
            code, fps = cv2.VideoWriter_fourcc(*"mp4v"), capture.get(cv2.CAP_PROP_FPS)
            writer = writer or cv2.VideoWriter(sys.argv[3], code, fps, frame.shape[1::-1])
            writer.write(np.ascontiguousarray(frame[..., ::-1]))
