"""Every kind of file, read back by whoever reads it: this library, pycocotools, Pillow, OpenCV."""

import json
from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO

from mmvis_ext.annotations.cell_lives import read_lives
from mmvis_ext.annotations.index_png import read_index_map
from mmvis_ext.inference.frame_result import Choice, FrameResult
from mmvis_ext.inference.outputs import OUTPUTS, FinishedVideo, Stamp, timeline
from mmvis_ext.inference.outputs.timeline import timeline_picture
from mmvis_ext.structures import Track, VideoTracks, boxes_of, decode, encode
from mmvis_ext.utils.errors import InputError
from mmvis_ext.videos import Frame, open_video
from mmvis_ext.visualization import colour

LENGTH, SIZE = 6, (24, 32)
CATEGORIES = (dict(id=4, name="cat"), dict(id=9, name="dog"))
NO_TRACKS = VideoTracks(0, *SIZE, LENGTH, [])


def track(number, scores, there, left):
    masks = np.zeros((LENGTH, *SIZE), bool)
    for t in there:
        masks[t, 4:16, left + t : left + t + 10] = True
    rles = [encode(mask[None])[0] if mask.any() else None for mask in masks]
    return Track(number, np.array(scores), rles, boxes_of(rles))


@pytest.fixture
def video():
    """Two tracks that overlap; the better one, number 7, is a dog and away in frames 2 and 3."""
    tracks = [track(7, [0.1, 0.9], (0, 1, 4, 5), 2), track(3, [0.6, 0.2], range(LENGTH), 6)]
    stamps = [Stamp(10 + 2 * t, t / 5, f"img{t}") for t in range(LENGTH)]
    return FinishedVideo("in.mp4", 5.0, stamps, VideoTracks(0, *SIZE, LENGTH, tracks), CATEGORIES)


def results(video):
    rng = np.random.default_rng(0)
    for t, stamp in enumerate(video.stamps):
        here = [track for track in video.tracks if track.visible[t]]
        labels = [int(track.scores.argmax()) for track in here]
        names = [CATEGORIES[label]["name"] for label in labels]
        scores = np.array([track.scores.max() for track in here])
        boxes = np.array([track.boxes[t] for track in here]).reshape(-1, 4)
        frame = Frame(rng.integers(0, 255, (*SIZE, 3), dtype=np.uint8), *stamp)
        yield FrameResult(
            frame, [track.track_id for track in here], labels, names, scores, boxes, [k.segmentations[t] for k in here]
        )


def written(kind, video, folder):
    output = OUTPUTS[kind](folder, video.fps)
    for result in results(video):
        output.add(result)
    return output.finish(video)


def painted(video):
    """(T,H,W): 0, or the rank of the track that has the pixel."""
    maps = np.zeros((LENGTH, *SIZE), int)
    for rank, track in reversed(list(enumerate(video.tracks, 1))):
        maps[decode(track.segmentations, *SIZE).astype(bool)] = rank
    return maps


def test_overlay(video, tmp_path):
    source = open_video(written("overlay", video, tmp_path))
    assert source.fps == pytest.approx(5)
    assert len(list(source)) == LENGTH


def test_the_overlay_keeps_the_clock(video, tmp_path):
    """Frames that come late are preceded by repetitions of the last one; those that come at once are left out."""
    output = OUTPUTS["overlay"](tmp_path, 10.0)
    for time, result in zip((5.0, 5.1, 5.11, 5.5, 5.6), results(video), strict=False):
        output.add(FrameResult(result.frame._replace(time=time), [], [], [], np.zeros(0), np.zeros((0, 4)), []))
    frames = list(open_video(output.finish(video)))
    assert len(frames) == 7, "0.6 seconds and the last frame"
    still = [np.abs(a.astype(int) - b).mean() < 12 for a, b in pairwise(frames)]
    assert still[2:4] == [True, True]
    assert not still[0]


def test_a_jump_of_the_clock_does_not_fill_the_disk(video, tmp_path):
    output = OUTPUTS["overlay"](tmp_path, 1.0)
    for time, result in zip((0.0, 1e9, 1e9 + 1), results(video), strict=False):
        output.add(FrameResult(result.frame._replace(time=time), [], [], [], np.zeros(0), np.zeros((0, 4)), []))
    assert len(list(open_video(output.finish(video)))) == 63, "a minute is the longest pause"


def test_frames(video, tmp_path):
    root = written("frames", video, tmp_path)
    assert sorted(path.name for path in root.iterdir()) == [f"img{t}.jpg" for t in range(LENGTH)]
    for path, result in zip(sorted(root.iterdir()), results(video), strict=True):
        assert np.abs(cv2.imread(str(path))[..., ::-1].astype(int) - result.draw()).mean() < 8


def test_gif(video, tmp_path):
    with Image.open(written("gif", video, tmp_path)) as image:
        assert image.n_frames == LENGTH
        assert max(image.size) == 320
        assert image.info["duration"] == 200


def test_masks(video, tmp_path):
    root = written("masks", video, tmp_path)
    files = {str(path.relative_to(root)) for path in root.rglob("*.png")}
    assert files == {f"{k.track_id:03d}/img{t}.png" for k in video.tracks for t in range(LENGTH) if k.visible[t]}
    for one in video.tracks:
        for t in one.visible.nonzero()[0]:
            mask = np.array(Image.open(root / f"{one.track_id:03d}/img{t}.png"))
            np.testing.assert_array_equal(mask, coco_mask.decode(one.segmentations[t]) * 255)


def test_davis(video, tmp_path):
    root, expected = written("davis", video, tmp_path), painted(video)
    assert len(list(root.iterdir())) == LENGTH
    for t in range(LENGTH):
        np.testing.assert_array_equal(read_index_map(root / f"img{t}.png"), expected[t])


def test_cutouts(video, tmp_path):
    output = OUTPUTS["cutouts"](tmp_path, 5)
    pictures = []
    for result in results(video):
        output.add(result)
        pictures.append(result.frame.picture)
    stray = FrameResult(
        result.frame, [99], [0], ["cat"], np.ones(1), np.zeros((1, 4)), [encode(np.ones((1, *SIZE), bool))[0]]
    )
    output.add(stray)
    root = output.finish(video)
    assert sorted(path.name for path in root.iterdir()) == ["003", "007"], "what is not kept is gone"
    for t in (0, 5):
        cut = cv2.imread(str(root / f"007/img{t}.png"), cv2.IMREAD_UNCHANGED)
        part = pictures[t][4:16, 2 + t : 12 + t]
        np.testing.assert_array_equal(cut[..., 2::-1], part)
        assert (cut[..., 3] == 255).all()
    assert not (root / "007/img2.png").exists()


def test_json(video, tmp_path):
    file = json.loads(written("json", video, tmp_path).read_text())
    assert [entry["id"] for entry in file["tracks"]] == [7, 3]
    assert [entry["category_id"] for entry in file["tracks"]] == [9, 4]
    assert file["frames"] == [10, 12, 14, 16, 18, 20]
    assert file["times"] == pytest.approx([t / 5 for t in range(LENGTH)])
    assert (file["video"], file["fps"]) == ("in.mp4", 5)


def test_youtube_vis(video, tmp_path):
    entries = json.loads(written("youtube-vis", video, tmp_path).read_text())
    assert entries == [dict(entry, video_id=1) for entry in video.tracks.official([4, 9], 100)]
    assert [entry["score"] for entry in entries] == [0.9, 0.6, 0.2, 0.1]


def test_coco(video, tmp_path, capsys):
    coco = COCO(str(written("coco", video, tmp_path)))
    assert len(coco.imgs) == LENGTH
    assert coco.imgs[3]["file_name"] == "img2.jpg"
    found = {(a["image_id"] - 1, a["track_id"]): a for a in coco.anns.values()}
    assert found.keys() == {(t, k.track_id) for k in video.tracks for t in range(LENGTH) if k.visible[t]}
    for one in video.tracks:
        for t in one.visible.nonzero()[0]:
            entry, mask = found[t, one.track_id], coco_mask.decode(one.segmentations[t])
            np.testing.assert_array_equal(coco.annToMask(entry), mask)
            assert entry["area"] == mask.sum()
            ys, xs = mask.nonzero()
            assert entry["bbox"] == [xs.min(), ys.min(), np.ptp(xs) + 1, np.ptp(ys) + 1]
            assert entry["score"] == one.scores.max()
            assert coco.cats[entry["category_id"]]["name"] == ("dog" if one.track_id == 7 else "cat")


def test_mots(video, tmp_path):
    lines = [line.split() for line in written("mots", video, tmp_path).read_text().splitlines()]
    maps = np.zeros((LENGTH, *SIZE), int)
    for t, number, kind, height, width, counts in lines:
        assert int(number) // 1000 == int(kind)
        assert (int(height), int(width)) == SIZE
        mask = coco_mask.decode(dict(size=list(SIZE), counts=counts)).astype(bool)
        assert not maps[int(t)][mask].any(), "no overlaps"
        maps[int(t)][mask] = int(number) % 1000
        assert int(kind) == (2 if int(number) % 1000 == 1 else 1)
    np.testing.assert_array_equal(maps, painted(video))
    assert (tmp_path / "classes.txt").read_text() == "cat\ndog\n"


def test_ctc(video, tmp_path):
    """The track that is away for two frames goes on under a new label whose parent is the old one."""
    root, expected = written("ctc", video, tmp_path), painted(video)
    lives = read_lives(root / "res_track.txt")
    assert {label: (life.begin, life.end, life.parent) for label, life in lives.items()} == {
        1: (0, 1, 0),
        2: (4, 5, 1),
        3: (0, 5, 0),
    }
    for t in range(LENGTH):
        labels = cv2.imread(str(root / f"mask{t:03d}.tif"), cv2.IMREAD_UNCHANGED)
        names = np.array([0, 1 if t < 2 else 2, 3])
        np.testing.assert_array_equal(labels, names[expected[t]])


def test_timeline(video, tmp_path):
    picture = cv2.imread(str(written("timeline", video, tmp_path)))[..., ::-1]
    np.testing.assert_array_equal(picture, timeline_picture(video))
    for row, one in enumerate(video.tracks):
        line = picture[10 + 22 * row + 11]
        share = (line == colour(one.track_id)).all(1).sum() / 900
        assert share == pytest.approx(one.visible.mean(), abs=0.02)


@pytest.mark.parametrize(
    ("stamps", "expected"),
    [
        ([(t, t / 10) for t in range(31)], {f"{v / 2:g} s": v * 5 for v in range(7)}),
        (
            [(t, t**2) for t in range(4)],
            {"0 s": 0, "2 s": 1 + 1 / 3, "4 s": 2, "6 s": 2.4, "8 s": 2.8},
        ),  # varying
        ([(10 * t, float("nan")) for t in range(6)], {f"{10 * t}": t for t in range(6)}),
        ([(0, 0.0)], {"0 s": 0}),
    ],
)
def test_the_axis_has_round_times(stamps, expected, video, monkeypatch):
    """Each stands where the frame begins that has it, or between two frames."""
    texts = {}
    monkeypatch.setattr(timeline, "put_text", lambda _, text, x, *rest: texts.update({text: x}))
    monkeypatch.setattr(timeline, "text_size", lambda *_: (0, 0))
    picture = timeline_picture(replace(video, stamps=[Stamp(*stamp, "") for stamp in stamps], tracks=NO_TRACKS))
    places = {text: (x - 20) / 900 * len(stamps) for text, x in texts.items() if text in expected}
    assert places == pytest.approx(expected, abs=0.02)
    assert len(texts) == len(expected) + 1, "and the line that says that there is no track"
    assert (picture[10 + 22, 20 : 20 + 901] == (40, 40, 40)).all(1).sum() == len(expected)


@pytest.mark.parametrize("kind", OUTPUTS)
def test_a_video_without_tracks(kind, video, tmp_path):
    empty = FinishedVideo("in.mp4", 5.0, video.stamps, VideoTracks(0, *SIZE, LENGTH, []), CATEGORIES)
    assert written(kind, empty, tmp_path).exists()


@pytest.mark.parametrize("kind", OUTPUTS)
def test_a_model_of_boxes_alone(kind, video, tmp_path):
    tracks = [Track(k.track_id, k.scores, None, k.boxes) for k in video.tracks]
    boxes = FinishedVideo("in.mp4", 5.0, video.stamps, VideoTracks(0, *SIZE, LENGTH, tracks), CATEGORIES)
    output = OUTPUTS[kind](tmp_path, 5)

    def write():
        for result in results(video):
            output.add(FrameResult(result.frame, [], [], [], np.zeros(0), np.zeros((0, 4)), None))
        return output.finish(boxes)

    if kind in ("masks", "cutouts", "davis", "mots", "ctc"):
        with pytest.raises(InputError, match=f"{kind} are made of masks, but the model gives boxes alone"):
            write()
    else:
        assert write().exists()


def test_too_many_tracks_for_mots(video, tmp_path):
    many = VideoTracks(0, *SIZE, LENGTH, [video.tracks.tracks[0]] * 1000)
    with pytest.raises(InputError, match="MOTS holds up to 999 tracks, and there are 1000"):
        OUTPUTS["mots"](tmp_path, 5).finish(FinishedVideo("in.mp4", 5.0, video.stamps, many, CATEGORIES))


def test_the_command_line_names_the_same_kinds():
    from mmvis_ext.commands.infer import KINDS

    assert KINDS.split() == list(OUTPUTS)


def test_choice_of_nothing():
    assert Choice().best(np.zeros((0, 3))) == []
