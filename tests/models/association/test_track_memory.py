"""Linking by appearance against mmdet's tracker, and what the memory holds."""

import copy
from types import SimpleNamespace

import pytest
import torch
from mmdet.structures import DetDataSample
from mmengine.config import ConfigDict
from mmengine.registry import DefaultScope
from mmengine.structures import InstanceData
from streamed import stored_numbers

from mmvis_ext.models.association import FoundObjects, link_detections
from mmvis_ext.registry import MODELS

C, S, K, RETAIN = 4, 3, 3, 3
EMBEDDING = dict(type="RoIEmbedHead", num_fcs=2, roi_feat_size=S, in_channels=C, fc_out_channels=8)
EXTRACTOR = dict(type="SingleRoIExtractor", roi_layer=dict(type="RoIAlign", output_size=S), out_channels=C)


def parts(retain: int = RETAIN):
    with DefaultScope.overwrite_default_scope("mmdet"):
        head = MODELS.build(
            ConfigDict(type="RoITrackHead", roi_extractor=dict(EXTRACTOR, featmap_strides=[4]), embed_head=EMBEDDING)
        )
        return head.eval().requires_grad_(False), MODELS.build(
            dict(type="MaskTrackRCNNTracker", num_frames_retain=retain)
        )


def objects(number: int) -> FoundObjects:
    corners = torch.rand(number, 2) * 40
    return FoundObjects(
        torch.cat([corners, corners + 10 + torch.rand(number, 2) * 20], dim=1),
        torch.randint(K, (number,)),
        torch.rand(number).sort(descending=True).values,
        torch.randn(number, C, S, S),
    )


def link(head, tracker, *frames: FoundObjects) -> tuple[list[list[int]], list]:
    memory, ids, memories = None, [], []
    for t, found in enumerate(frames):
        here: list[int] = []
        if len(found.boxes):
            here, memory = link_detections(head, tracker, memory, found, t)
        ids.append(here)
        memories.append(memory)
    return ids, memories


def mmdet_ids(head, tracker, frames: list[FoundObjects]) -> list[dict[int, torch.Tensor]]:
    """Track id -> box in each frame. Of detections with one id the last stands, as in mmdet's memory."""
    tracker.reset()
    out = []
    for t, found in enumerate(frames):
        crops = SimpleNamespace(predict=head.predict, extract_roi_feats=lambda *_, found=found: (found.features, None))
        instances = InstanceData(
            bboxes=found.boxes, labels=found.labels, scores=found.scores, masks=torch.zeros(len(found.boxes), 2, 2)
        )
        sample = DetDataSample(metainfo=dict(frame_id=t, scale_factor=(1.0, 1.0)), pred_instances=instances)
        tracked = tracker.track(model=SimpleNamespace(track_head=crops), feats=None, data_sample=sample)
        out.append(dict(zip(tracked.instances_id.tolist(), tracked.bboxes, strict=True)))
    return out


@pytest.mark.parametrize("seed", range(3))
def test_ids_are_those_of_mmdets_tracker(seed):
    torch.manual_seed(seed)
    head, tracker = parts()
    frames = [objects(n) for n in (4, 6, 0, 3, 1, 0, 1, 1, 1, 1, 7, 5)]
    ids, _ = link(head, tracker, *frames)
    expected = mmdet_ids(head, tracker, frames)
    for here, found, theirs in zip(ids, frames, expected, strict=True):
        ours = {track: box for track, box in zip(here, found.boxes, strict=True) if track >= 0}
        assert ours.keys() == theirs.keys()
        assert all(torch.equal(box, theirs[track]) for track, box in ours.items())
    given = [track for here in ids for track in here]
    assert len(set(given)) < len([t for t in given if t >= 0]), "some track is seen twice"
    assert -1 in given, "some detection loses its track to a better one"


def test_the_best_of_those_who_want_a_track_gets_it():
    head, tracker = parts()
    first = objects(1)._replace(scores=torch.tensor([0.9]))
    _, (memory,) = link(head, tracker, first)
    box = first.boxes[0]
    rivals = FoundObjects(
        torch.stack([box + 2, box, box + 4]),
        first.labels.repeat(3),
        torch.full((3,), 0.5),
        first.features.repeat(3, 1, 1, 1),
    )
    ids, after = link_detections(head, tracker, memory, rivals, 1)
    assert ids == [-1, 0, -1]
    assert torch.equal(after.boxes, box[None])
    ids, _ = link_detections(head, tracker, memory, FoundObjects(*(part.flip(0) for part in rivals)), 1)
    assert ids == [-1, 0, -1]


def test_another_class_starts_a_track():
    head, tracker = parts()
    found = objects(1)
    ids, memories = link(head, tracker, found, found, found._replace(labels=(found.labels + 1) % K))
    assert ids == [[0], [0], [1]]
    assert memories[-1].labels.tolist() == [found.labels.item(), (found.labels.item() + 1) % K]


def test_a_track_is_forgotten_after_its_time_and_its_id_is_not_given_again():
    head, tracker = parts(retain=3)
    a, b, nothing = objects(1), objects(1), objects(0)
    b = b._replace(labels=(a.labels + 1) % K)
    both = FoundObjects(*(torch.cat(pair) for pair in zip(a, b, strict=True)))
    ids, memories = link(head, tracker, both, a, a, b)
    assert ids == [[0, 1], [0], [0], [1]], "not seen in two frames"
    ids, memories = link(head, tracker, both, a, a, a, b)
    assert ids == [[0, 1], [0], [0], [0], [2]], "not seen in three"
    assert [m.track_ids for m in memories] == [(0, 1), (0, 1), (0, 1), (0,), (0, 2)]
    _, memories = link(head, tracker, both, nothing, nothing, a)
    assert memories[1] is memories[0] is memories[2]
    assert memories[3].track_ids == (0,)
    assert memories[3].last_seen == (3,)
    assert memories[3].next_id == 2


def test_a_memory_is_not_changed_and_holds_no_more_than_its_tracks():
    head, tracker = parts(retain=1000)
    _, memories = link(head, tracker, objects(5))
    (memory,) = memories
    before, sizes = copy.deepcopy(memory), set()
    for t in range(1, 30):
        _, after = link_detections(head, tracker, memory, objects(4), t)
        assert all(torch.equal(a, b) if torch.is_tensor(a) else a == b for a, b in zip(memory, before, strict=True))
        sizes.add(stored_numbers(after) / len(after.track_ids))
    assert sizes == {4 + 1 + C * S * S}
    assert tracker.empty, "nothing is stored in mmdet's tracker"
