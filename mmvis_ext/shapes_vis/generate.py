"""Writes a whole dataset: in parallel, complete or not at all, and only if it is not there yet."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from mmvis_ext.utils.dice import Dice
from mmvis_ext.utils.errors import InputError
from mmvis_ext.utils.files import atomic_folder
from mmvis_ext.utils.parallel import map_in_processes

from .config import SceneConfig
from .layouts import LAYOUTS, SPLITS, encode_jpeg, write_json
from .presets import Preset, get_preset
from .render import render
from .scene import sample_scene
from .truth import VideoTruth, describe

__all__ = ["MANIFEST", "generate"]

MANIFEST = "shapes_vis.json"
"""The file in a dataset's folder that says how it was made."""

FORMAT = 1
"""Version of the generator. Whoever changes what the same recipe gives raises it."""


@dataclass(frozen=True)
class Job:
    """One video, or one still image, to draw and write.

    Attributes:
        root: folder of the dataset while it is being written.
        layouts: names of the layouts that take it.
        split: ``train`` or ``val``.
        index: position in the split.
        seed: of the dataset.
        config: the knobs.
        still: draw one frame instead of a video, from a scene that no video shows.
    """

    root: Path
    layouts: tuple[str, ...]
    split: str
    index: int
    seed: int
    config: SceneConfig
    still: bool


def generate(
    preset: Preset | str,
    out: str | Path,
    layouts: Iterable[str] = ("youtube_vis",),
    *,
    seed: int = 0,
    workers: int | None = None,
    overwrite: bool = False,
    progress: bool = False,
) -> Path:
    """Write a dataset, each layout to ``<out>/<layout>/``.

    The files appear all at once when everything is written. Where the same dataset is there already, nothing is
    done. The pictures and annotations depend on preset and seed alone, not on machine or workers; so do the bytes
    of the files, as long as Pillow's JPEG and PNG encoders are the same.

    Args:
        preset: a recipe, or the name of one.
        out: the dataset's folder.
        layouts: keys of ``LAYOUTS``.
        seed: 0 or more, below 2**32.
        workers: processes; one per core by default.
        overwrite: replace another ShapesVIS dataset that is in ``out``.
        progress: show a bar with count and remaining time on stderr.

    Returns:
        ``out``.

    Raises:
        InputError: an unknown preset or layout, a bad number, or something else is in ``out``.
    """
    preset = get_preset(preset) if isinstance(preset, str) else preset
    names = tuple(dict.fromkeys(layouts))
    _check(names, seed)
    out = Path(out)
    recipe = _recipe(preset, seed)
    there = partial(_is_there, out, recipe, names, overwrite)
    if there():
        return out
    with atomic_folder(out, unless=there) as scratch:  # another process may write the same in the meantime
        traits = {}
        for still in sorted({LAYOUTS[name].stills for name in names}):
            taking = tuple(name for name in names if LAYOUTS[name].stills == still)
            jobs = _jobs(scratch, preset, taking, seed, still)
            unit = "image" if still else "video"
            videos = map_in_processes(_do, jobs, workers=workers, progress=progress, unit=unit)
            _write_splits(scratch, preset, taking, jobs, videos)
            traits.update({} if still else {video.name: video.traits for video in videos})
        write_json(scratch / MANIFEST, dict(recipe, layouts=sorted(names), traits=traits))
    return out


def _check(names: tuple[str, ...], seed: int) -> None:
    unknown = [name for name in names if name not in LAYOUTS]
    if unknown or not names:
        raise InputError(f"ShapesVIS has no layout {unknown or 'to write'}; take some of: {', '.join(LAYOUTS)}.")
    if not 0 <= seed < 2**32:
        raise InputError(f"ShapesVIS seed {seed} is out of range; take 0 or more, below 2**32.")


def _jobs(root: Path, preset: Preset, layouts: tuple[str, ...], seed: int, still: bool) -> list[Job]:
    return [
        Job(root, layouts, split, index, seed, config, still)
        for split in SPLITS
        for index, config in enumerate(preset.still_knobs(split) if still else preset.knobs(split))
    ]


def _do(job: Job) -> VideoTruth:
    key = (job.seed, SPLITS.index(job.split) + len(SPLITS) * job.still, job.index)
    scene = sample_scene(job.config, key)
    frames = [Dice(*key, 0, 0).integer(0, scene.length - 1)] if job.still else None
    rendered = render(scene, frames)
    kind = "still" if job.still else job.split
    name = f"shapes_{kind}_{job.split}_{job.index:04d}" if job.still else f"shapes_{kind}_{job.index:04d}"
    video = describe(name, scene, rendered)
    jpegs = [encode_jpeg(frame) for frame in rendered.frames]
    for layout in job.layouts:
        LAYOUTS[layout].write_video(job.root / layout, job.split, video, jpegs)
    return video


def _write_splits(
    root: Path, preset: Preset, layouts: tuple[str, ...], jobs: list[Job], videos: list[VideoTruth]
) -> None:
    for split in SPLITS:
        members = [video for job, video in zip(jobs, videos, strict=True) if job.split == split]
        for layout in layouts:
            LAYOUTS[layout].write_split(root / layout, split, members, f"ShapesVIS {preset.name}, {split}")


def _recipe(preset: Preset, seed: int) -> dict[str, Any]:
    """All that the files depend on, and a digest of it."""
    recipe = dict(
        format=FORMAT,
        preset=preset.name,
        seed=seed,
        stills=preset.stills,
        splits={
            split: [dict(videos=count, knobs=config.recipe()) for count, config in batches]
            for split, batches in preset.splits.items()
        },
    )
    text = json.dumps(recipe, sort_keys=True)
    return dict(recipe, digest=hashlib.sha256(text.encode()).hexdigest())


def _is_there(out: Path, recipe: dict[str, Any], names: tuple[str, ...], overwrite: bool) -> bool:
    """Whether the dataset is complete in ``out``; raises where something stands in the way."""
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return False
    try:
        manifest = json.loads((out / MANIFEST).read_text())
        digest, present = manifest["digest"], set(manifest["layouts"])
    except (OSError, ValueError, KeyError, TypeError):
        raise InputError(f"{out} is in use and holds no ShapesVIS dataset; choose another folder.") from None
    if digest == recipe["digest"] and present.issuperset(names):
        return True
    if overwrite:
        return False
    if digest == recipe["digest"]:
        both = " ".join(sorted(present | set(names)))
        raise InputError(
            f"{out} holds this dataset in the layouts {' '.join(sorted(present))} only; "
            f"write it anew with the layouts {both} (overwrite, --overwrite), or choose another folder."
        )
    raise InputError(
        f"{out} holds another ShapesVIS dataset (preset {manifest.get('preset')}, seed {manifest.get('seed')}, or "
        "other knobs); choose another folder, or replace it (overwrite, --overwrite)."
    )
