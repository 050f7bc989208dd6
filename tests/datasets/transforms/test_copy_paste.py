"""Tracks of one video pasted over another."""

import numpy as np
import pytest
from mmdet.structures.bbox import HorizontalBoxes
from mmdet.structures.mask import BitmapMasks

from mmvis_ext.datasets.randomness import seeded
from mmvis_ext.datasets.transforms import CopyPasteTracks
from mmvis_ext.structures import boxes_of, encode
from mmvis_ext.utils.errors import InputError

H, W = 40, 60
STILL = dict(transforms=[], prob=1, scale=(1, 1), max_shift=0)
HOST, DONOR = 50, 200  # grey of the first object of each; the others are one lighter each


def video(base, *tracks, size=(H, W), box_type=np.asarray, crowds=()) -> dict:
    """Frames of rectangles (x1, y1, x2, y2), or ``None`` where a track is absent; the ground is 0."""
    height, width = size
    frames: dict[str, list] = {key: [] for key in ("img", "gt_masks", "gt_bboxes", "gt_bboxes_labels")}
    frames |= dict(gt_instances_ids=[], gt_ignore_flags=[])
    for areas in zip(*tracks, strict=True):
        image = np.zeros((height, width, 3), np.uint8)
        shown = [k for k, area in enumerate(areas) if area]
        masks = np.zeros((len(shown), height, width), np.uint8)
        for mask, k in zip(masks, shown, strict=True):
            x1, y1, x2, y2 = areas[k]
            mask[y1:y2, x1:x2] = 1
            image[y1:y2, x1:x2] = base + k
        frames["img"].append(image)
        frames["gt_masks"].append(BitmapMasks(masks, height, width))
        frames["gt_bboxes"].append(box_type(boxes_of(encode(masks))))
        frames["gt_bboxes_labels"].append(np.array(shown, np.int64) + base)
        frames["gt_instances_ids"].append(np.array(shown, np.int32) + 3)
        frames["gt_ignore_flags"].append(np.array([k in crowds for k in shown], bool))
    return frames


def host(**kwargs) -> dict:
    return video(HOST, [(0, 0, 20, 20)] * 3, [(30, 10, 50, 30), None, (32, 10, 52, 30)], **kwargs)


def donor(**kwargs) -> dict:
    return video(DONOR, [(10, 5, 25, 25), (12, 5, 27, 25), None], [(40, 0, 60, 40), None, (38, 0, 58, 40)], **kwargs)


def pasted(seed=0, results=None, source=None, **knobs) -> dict:
    results = host() if results is None else results
    with seeded(seed):
        return CopyPasteTracks(**STILL | knobs)(dict(results, donor=donor() if source is None else source))


def by_painting(matrix, seed, most) -> list[list[tuple[int, int, np.ndarray]]]:
    """For each frame (track id, label, pixels) of what is seen: objects painted one after the other."""
    first, second = host(), donor()
    with seeded(seed):
        chooser = CopyPasteTracks(**STILL, most=most)
        np.random.uniform()  # whether anything is pasted
        order = chooser._choose(second)
    frames = []
    for t in range(3):
        canvas = np.full((H, W), -1)
        objects = []  # the id that it has in the end, its label
        for k, track in enumerate(first["gt_instances_ids"][t]):
            canvas[first["gt_masks"][t].masks[k] > 0] = len(objects)
            objects.append((int(track), int(first["gt_bboxes_labels"][t][k])))
        for new, track in enumerate(order):
            for k in np.flatnonzero(second["gt_instances_ids"][t] == track):
                for y, x in np.argwhere(second["gt_masks"][t].masks[k]):
                    px, py = np.round(matrix @ (x, y, 1)).astype(int)
                    if 0 <= px < W and 0 <= py < H:
                        canvas[py, px] = len(objects)
                objects.append((5 + new, int(second["gt_bboxes_labels"][t][k])))
        frames.append([(*o, canvas == i) for i, o in enumerate(objects) if (canvas == i).any()])
    return frames


@pytest.mark.parametrize("shift", [(0, 0), (7, -3), (-30, 12)])
@pytest.mark.parametrize("seed", range(6))
def test_what_is_seen_is_what_a_painter_leaves(monkeypatch, seed, shift):
    matrix = np.array([[1, 0, shift[0]], [0, 1, shift[1]]], float)
    monkeypatch.setattr(CopyPasteTracks, "_draw", lambda self, size, other: matrix)
    results = pasted(seed, most=2)
    for t, expected in enumerate(by_painting(matrix, seed, most=2)):
        ids, labels = results["gt_instances_ids"][t], results["gt_bboxes_labels"][t]
        assert list(zip(ids, labels, strict=True)) == [(track, label) for track, label, _ in expected]
        picture = np.zeros((H, W), int)
        for mask, (_, label, pixels) in zip(results["gt_masks"][t].masks, expected, strict=True):
            assert np.array_equal(mask, pixels)
            picture[pixels] = label  # the grey of an object is its label
        assert np.array_equal(results["img"][t], np.repeat(picture[..., None], 3, axis=2))
        assert np.array_equal(results["gt_bboxes"][t], boxes_of(encode(results["gt_masks"][t].masks)))
        assert results["gt_ignore_flags"][t].tolist() == [False] * len(expected)


def test_one_to_most_tracks_are_pasted_and_a_track_keeps_its_id_in_all_frames():
    numbers = set()
    for seed in range(40):
        results = pasted(seed, most=2)
        new = np.concatenate(results["gt_instances_ids"])
        labels = np.concatenate(results["gt_bboxes_labels"])
        pairs = {(i, n) for i, n in zip(new, labels, strict=True) if n >= DONOR}
        numbers.add(len(pairs))
        assert len({i for i, _ in pairs}) == len({n for _, n in pairs}) == len(pairs), "one id per track of the donor"
        assert min(i for i, _ in pairs) > 4, "ids of the sample's own tracks are 3 and 4"
    assert numbers == {1, 2}
    assert all((np.concatenate(pasted(s, most=1)["gt_bboxes_labels"]) >= DONOR).sum() == 2 for s in range(10))


def test_a_hidden_object_is_absent_with_all_that_belongs_to_it():
    whole = video(DONOR, [None, (0, 0, W, H), None])
    results = pasted(source=whole)
    assert [ids.tolist() for ids in results["gt_instances_ids"]] == [[3, 4], [5], [3, 4]]
    assert [labels.tolist() for labels in results["gt_bboxes_labels"]] == [[HOST, HOST + 1], [DONOR], [HOST, HOST + 1]]
    assert [len(masks) for masks in results["gt_masks"]] == [2, 1, 2]


def test_prob_is_the_share_of_samples_with_pasted_tracks():
    def share(prob):
        return np.mean([(np.concatenate(pasted(s, prob=prob)["gt_bboxes_labels"]) >= DONOR).any() for s in range(200)])

    assert share(0) == 0
    assert share(1) == 1
    assert 0.2 < share(0.3) < 0.4


def test_without_a_paste_the_sample_stays():
    before, after = host(), pasted(prob=0)
    assert after.keys() == before.keys()
    for key in before:
        for a, b in zip(after[key], before[key], strict=True):
            assert np.array_equal(getattr(a, "masks", a), getattr(b, "masks", b))


def test_crowds_are_not_pasted():
    results = [pasted(seed, most=2, source=donor(crowds=(1,))) for seed in range(20)]
    labels = {int(n) for r in results for n in np.concatenate(r["gt_bboxes_labels"])}
    assert labels == {HOST, HOST + 1, DONOR}
    results = pasted(source=donor(crowds=(0, 1)))
    assert all(np.array_equal(a, b) for a, b in zip(results["img"], host()["img"], strict=True))


def test_frames_without_objects_take_and_give():
    empty = video(HOST, [None, None, None])
    assert [len(ids) for ids in pasted(results=video(HOST, [None] * 3), most=1, seed=1)["gt_instances_ids"]].count(
        1
    ) == 2
    assert [len(ids) for ids in pasted(source=empty)["gt_instances_ids"]] == [2, 1, 2]


def test_frames_of_another_size_lie_with_their_middle_on_the_middle():
    other = video(DONOR, [(0, 0, 20, 10)] * 3, size=(10, 20))
    masks = pasted(source=other)["gt_masks"]
    assert boxes_of(encode(masks[1].masks[-1:]))[0].tolist() == [20, 15, 40, 25]


def test_scale_and_shift_are_drawn_from_their_ranges_once_per_sample():
    square = [(20, 10, 40, 30)] * 3
    sides, places = [], []
    for seed in range(60):
        results = pasted(
            seed, results=video(HOST, [None] * 3), source=video(DONOR, square), scale=(0.5, 1.5), max_shift=0.1
        )
        boxes = np.concatenate(results["gt_bboxes"])
        assert (boxes == boxes[0]).all(), "one map for all frames"
        x1, y1, x2, y2 = boxes[0]
        sides.append((x2 - x1, y2 - y1))
        places.append(((x1 + x2) / 2, (y1 + y2) / 2))
    sides, places = np.array(sides), np.array(places)
    assert (abs(sides[:, 0] - sides[:, 1]) <= 1).all()
    assert 10 <= sides.min() < 13
    assert 27 < sides.max() <= 31
    assert (abs(places - (30, 20)) <= np.array([6, 4]) + 1).all()
    assert (places.max(axis=0) - places.min(axis=0) > (8, 5)).all()


def test_boxes_keep_their_type():
    assert isinstance(pasted(results=host(box_type=HorizontalBoxes))["gt_bboxes"][0], HorizontalBoxes)


def test_float_frames_stay_float():
    results = host()
    results["img"] = [image.astype(np.float32) for image in results["img"]]
    source = donor()
    source["img"] = [image.astype(np.float32) for image in source["img"]]
    assert pasted(results=results, source=source)["img"][0].dtype == np.float32


@pytest.mark.parametrize(
    ("knobs", "said"),
    [
        (dict(prob=-0.1), r"prob=-0.1 must be in \[0, 1\]"),
        (dict(prob=1.1), "prob=1.1"),
        (dict(most=0), "most=0 must be at least 1"),
        (dict(scale=(0, 1)), "scale="),
        (dict(scale=(2, 1)), "scale="),
        (dict(max_shift=2), "max_shift=2"),
    ],
)
def test_bad_arguments_are_named(knobs, said):
    with pytest.raises(InputError, match=said):
        CopyPasteTracks(transforms=[], **knobs)


def test_no_donor_and_no_masks_are_errors():
    with pytest.raises(InputError, match="no video to paste from"):
        CopyPasteTracks(**STILL)(host())
    bare = host()
    del bare["gt_masks"]
    with pytest.raises(InputError, match="with_mask=True"):
        pasted(results=bare)
