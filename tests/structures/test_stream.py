"""What passes between steps: geometry, detections, and tracks gathered window by window."""

import copy
import pickle
import tracemalloc
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mmvis_ext.structures import encode
from mmvis_ext.structures.geometry import FrameGeometry
from mmvis_ext.structures.spill import SpilledTrack
from mmvis_ext.structures.stream import REDUCTIONS, Detections, TrackBook
from mmvis_ext.utils.errors import InputError

N, T, K, SIZE = 4, 6, 3, (4, 6)
GEOMETRY = FrameGeometry(original=SIZE, resized=(8, 12))
MASK = encode(np.ones((1, *SIZE)))[0]


def detections(seed: int = 0, track_ids=None, length: int = T) -> Detections:
    """Random ones; some visible frames have no mask, as where no pixel reaches one half."""
    rng = np.random.default_rng(seed)
    visible = rng.random((N, length)) < 0.6
    masks = [[MASK if v and rng.random() < 0.8 else None for v in row] for row in visible]
    boxes = rng.random((N, length, 4)).astype(np.float32)
    ids = list(range(N)) if track_ids is None else track_ids
    return Detections(ids, rng.random((N, length, K)).astype(np.float32), boxes, masks, visible)


def with_objectness(d: Detections, seed: int = 9) -> Detections:
    return replace(d, objectness=np.random.default_rng(seed).random(d.visible.shape).astype(np.float32))


def window(d: Detections, start: int, stop: int) -> Detections:
    masks, objectness = [row[start:stop] for row in d.masks], d.objectness
    return Detections(
        d.track_ids, d.scores[:, start:stop], d.boxes[:, start:stop], masks, d.visible[:, start:stop],
        None if objectness is None else objectness[:, start:stop],
    )  # fmt: skip


def gathered(*windows: Detections, reduction: str = "visible_mean"):
    book = TrackBook(reduction)
    for one in windows:
        book.add(one)
    return book.close(5, GEOMETRY)


def reduce_slowly(every: list[float], visible: list[bool], reduction: str) -> float:
    seen = [value for value, shown in zip(every, visible, strict=True) if shown]
    known = dict(visible_mean=sum(seen) / max(len(seen), 1), mean=sum(every) / len(every), max=max(every))
    return known["visible_mean" if reduction == "length_weighted" else reduction]


def score_slowly(d: Detections, i: int, reduction: str) -> list[float]:
    """The track's score per class, from the definition: times its objectness where there is one."""
    visible = d.visible[i].tolist()
    objectness = 1.0 if d.objectness is None else reduce_slowly(d.objectness[i].tolist(), visible, reduction)
    share = sum(visible) / len(visible) if reduction == "length_weighted" else 1.0
    return [share * objectness * reduce_slowly(d.scores[i, :, k].tolist(), visible, reduction) for k in range(K)]


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("d", [detections(), with_objectness(detections())], ids=["classes", "objectness"])
def test_scores_are_reduced_over_time(d, reduction):
    tracks = {t.track_id: t for t in gathered(d, reduction=reduction)}
    assert len(tracks) == N
    for i in range(N):
        assert tracks[i].scores.tolist() == pytest.approx(score_slowly(d, i, reduction))


@settings(max_examples=30)
@given(
    st.lists(st.integers(1, T - 1), max_size=3, unique=True),
    st.sampled_from(REDUCTIONS),
    st.booleans(),
)
def test_windows_add_up_to_the_whole(cuts, reduction, objectness):
    d = with_objectness(detections(3)) if objectness else detections(3)
    edges = [0, *sorted(cuts), T]
    whole = gathered(d, reduction=reduction)
    split = gathered(*(window(d, a, b) for a, b in pairwise(edges)), reduction=reduction)
    assert (split.video_id, split.length, len(split)) == (5, T, len(whole))
    for a, b in zip(whole, split, strict=True):
        assert a.track_id == b.track_id
        assert a.segmentations == b.segmentations
        assert np.array_equal(a.boxes, b.boxes)
        np.testing.assert_allclose(a.scores, b.scores, rtol=1e-12)


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_an_objectness_of_one_changes_nothing(reduction):
    d = detections()
    certain = replace(d, objectness=np.ones((N, T), dtype=np.float32))
    for a, b in zip(gathered(d, reduction=reduction), gathered(certain, reduction=reduction), strict=True):
        assert np.array_equal(a.scores, b.scores)


def test_one_good_frame_outranks_a_long_track_unless_length_counts():
    scores = np.zeros((2, T, 1), np.float32)
    scores[0, 0], scores[1] = 0.9, 0.8
    visible = scores[..., 0] > 0.5
    masks = [[MASK if shown else None for shown in row] for row in visible]
    d = Detections([0, 1], scores, np.ones((2, T, 4), np.float32), masks, visible)
    best = {r: max(gathered(d, reduction=r), key=lambda track: track.scores[0]) for r in REDUCTIONS}
    assert best["visible_mean"].track_id == 0
    assert best["length_weighted"].track_id == 1
    assert best["length_weighted"].scores[0] == pytest.approx(0.8)


def test_masks_and_boxes_stand_at_their_frames():
    d = detections()
    for i, track in enumerate(gathered(d)):
        for t in range(T):
            assert track.segmentations[t] == d.masks[i][t]
            assert track.boxes[t].tolist() == (d.boxes[i, t].tolist() if d.masks[i][t] else [0, 0, 0, 0])


def test_a_new_id_starts_a_new_track_which_is_absent_before():
    first, second = detections(1), detections(2, track_ids=[0, 9, 2, 3])
    tracks = {t.track_id: t for t in gathered(first, second, reduction="mean")}
    assert sorted(tracks) == [0, 1, 2, 3, 9]
    assert tracks[9].segmentations == [None] * T + second.masks[1]
    assert tracks[1].segmentations == first.masks[1] + [None] * T
    assert tracks[9].scores.tolist() == pytest.approx(score_slowly(second, 1, "mean"))
    assert tracks[1].scores.tolist() == pytest.approx(score_slowly(first, 1, "mean"))


def test_a_slot_without_an_id_is_left_out():
    assert [t.track_id for t in gathered(detections(track_ids=[-1, 0, -1, 1]))] == [0, 1]


def test_a_track_without_any_mask_is_left_out():
    d = detections()
    d.masks[2] = [None] * T
    assert [t.track_id for t in gathered(d)] == [0, 1, 3]


def test_a_video_in_which_nothing_is_seen_has_its_length_and_no_tracks():
    d = detections()
    empty = gathered(Detections(d.track_ids, d.scores, d.boxes, [[None] * T] * N, np.zeros((N, T), bool)))
    assert (len(empty), empty.length, empty.height, empty.width) == (0, T, *SIZE)


def test_detections_are_not_changed_by_the_book():
    d, same = detections(4), detections(4)
    book = TrackBook()
    book.add(d)
    book.add(d)
    assert np.array_equal(d.scores, same.scores)
    assert d.masks == same.masks
    assert len(book.close(0, GEOMETRY).tracks[0].segmentations) == 2 * T


def test_an_unknown_reduction_is_refused():
    with pytest.raises(ValueError, match="'median' is unknown"):
        TrackBook("median")


@pytest.mark.parametrize("name", ["track_ids", "scores", "boxes", "masks", "objectness"])
def test_detections_must_agree_in_number(name):
    parts = vars(with_objectness(detections()))
    parts[name] = parts[name][:-1]
    with pytest.raises(ValueError, match="agree in N"):
        Detections(**parts)


@pytest.mark.parametrize("name", ["scores", "boxes", "masks", "objectness"])
def test_detections_must_agree_in_length(name):
    parts = vars(with_objectness(detections()))
    parts[name] = parts[name][:, :-1] if name != "masks" else [row[:-1] for row in parts[name]]
    with pytest.raises(ValueError, match="agree in T"):
        Detections(**parts)


def test_boxes_return_to_original_pixels():
    geometry = FrameGeometry(original=(100, 300), resized=(50, 75))
    boxes = torch.tensor([[[-4.0, 5.0, 15.0, 20.0]], [[70.0, 40.0, 80.0, 60.0]]])
    whole = torch.tensor([[[-16.0, 10.0, 60.0, 40.0]], [[280.0, 80.0, 320.0, 120.0]]])
    torch.testing.assert_close(geometry.to_original(boxes, clip=False), whole)
    clipped = torch.tensor([[[0.0, 10.0, 60.0, 40.0]], [[280.0, 80.0, 300.0, 100.0]]])
    torch.testing.assert_close(geometry.to_original(boxes), clipped)


def ten_objects(track_ids=None) -> Detections:
    """One frame of ten objects with masks that differ."""
    pictures = np.random.default_rng(0).random((10, 30, 40)) < 0.5
    masks = [[mask] for mask in encode(pictures)]
    return Detections(
        track_ids or list(range(10)), np.full((10, 1, K), 0.5, np.float32), np.full((10, 1, 4), 1 / 3, np.float32),
        masks, np.ones((10, 1), bool),
    )  # fmt: skip


def long_video(limit: int, monkeypatch, frames: int = 12):
    """A video in which a track ends, one begins, and one is away for a while, and its tracks."""
    monkeypatch.setattr("mmvis_ext.structures.stream.IN_MEMORY", limit)
    book = TrackBook("length_weighted")
    for t in range(frames):
        ids = list(range(10))
        ids[3] = 3 if t < 5 else 10
        ids[7] = -1 if 3 < t < 9 else 7
        book.add(ten_objects(ids))
    return book, book.close(1, GEOMETRY)


@pytest.mark.parametrize(("frames", "share"), [(50, 0.6), (100, 0.3), (1000, 0.3)])
def test_a_track_of_a_long_video_is_weighted_as_one_of_a_hundred_frames(frames, share):
    def scores(shown):
        book = TrackBook("length_weighted")
        for t in range(frames):
            mask = [MASK if t < shown else None]
            book.add(Detections([0], np.full((1, 1, 1), 0.5), np.ones((1, 1, 4)), [mask], np.array([[t < shown]])))
        (track,) = book.close(1, GEOMETRY)
        return track.scores[0]

    assert scores(30) == pytest.approx(0.5 * share)
    assert scores(min(frames, 120)) == pytest.approx(0.5)


@pytest.mark.parametrize("limit", [0, 15, 95])
def test_what_waits_in_a_file_changes_nothing(limit, monkeypatch):
    _, usual = long_video(10**6, monkeypatch)
    _, spilled = long_video(limit, monkeypatch)
    assert any(isinstance(track, SpilledTrack) for track in spilled)
    assert not any(isinstance(track, SpilledTrack) for track in usual)
    for copied in (spilled.tracks, copy.deepcopy(spilled.tracks), pickle.loads(pickle.dumps(spilled.tracks))):
        for a, b in zip(usual, copied, strict=True):
            assert (a.track_id, a.segmentations, a.scores.tolist()) == (b.track_id, b.segmentations, b.scores.tolist())
            assert np.array_equal(a.boxes, b.boxes)
            assert np.array_equal(a.visible, b.visible)


def test_a_book_goes_on_after_its_tracks_were_asked_for(monkeypatch):
    book, before = long_video(15, monkeypatch)
    lengths = [len(track.segmentations) for track in before]
    book.add(ten_objects())
    assert [len(track.segmentations) for track in before] == lengths
    assert book.close(1, GEOMETRY).length == 13


def test_tracks_of_boxes_alone_wait_in_a_file_too(monkeypatch):
    monkeypatch.setattr("mmvis_ext.structures.stream.IN_MEMORY", 5)
    book = TrackBook()
    for _ in range(3):
        book.add(replace(ten_objects(), masks=None))
    (first, *_) = book.close(1, GEOMETRY)
    assert first.segmentations is None
    assert first.visible.tolist() == [True] * 3


def test_memory_does_not_grow_with_the_video(monkeypatch):
    """A new track each 50 frames beside nine that last; what is counted is what Python holds."""
    monkeypatch.setattr("mmvis_ext.structures.stream.IN_MEMORY", 1000)
    book = TrackBook()
    tracemalloc.start()
    held = {}
    for t in range(2001):
        book.add(ten_objects([*range(9), 9 + t // 50]))
        if t % 50 == 0:
            held[t] = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert max(held.values()) < 2 * 2**20
    assert max(held[t] for t in range(1500, 2001, 50)) < 1.1 * max(held[t] for t in range(500, 1001, 50))


def test_a_book_that_only_counts():
    book = TrackBook(gather=False)
    book.add(detections())
    assert book.length == T
    with pytest.raises(ValueError, match="gathers no tracks"):
        book.close(1, GEOMETRY)


def test_a_full_disk_is_said(monkeypatch):
    def full():
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.TemporaryFile", full)
    monkeypatch.setattr("mmvis_ext.structures.stream.IN_MEMORY", 5)
    with pytest.raises(InputError, match=r"No space left on device\); make room, or name another folder in .* TMPDIR"):
        TrackBook().add(ten_objects())
