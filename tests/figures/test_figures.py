"""The papers' pictures: what is on them, and where."""

import numpy as np
import pytest
import torch

from mmvis_ext.figures import Point, box_figure, filter_figure, map_figure, proposal_figure, trade_off_figure
from mmvis_ext.figures import efficientvis as module
from mmvis_ext.figures.looks import looks
from mmvis_ext.utils.errors import InputError
from mmvis_ext.visualization import Row, colour


@pytest.fixture
def rows(monkeypatch) -> list[Row]:
    """The rows of the sheet that a figure makes."""
    kept: list[Row] = []
    for name in ("efficientvis", "inspro", "srnet"):
        where = f"mmvis_ext.figures.{name}.contact_sheet"
        monkeypatch.setattr(where, lambda rows: kept.extend(rows) or np.zeros((1, 1, 3), np.uint8))
    return kept


def has_colour(picture: np.ndarray, rgb: tuple[int, int, int]) -> bool:
    return bool((np.abs(picture.astype(int) - rgb).max(axis=-1) < 3).any())


def test_proposals_are_drawn_on_the_chosen_frames(figure_inferencer, moving_square, rows):
    own = figure_inferencer("efficientvis")
    proposal_figure(own, moving_square, [0, 4, 7])
    (row,) = rows
    assert list(row.notes) == ["frame 0", "frame 4", "frame 7"]
    assert len(row.cells) == 3
    ids = next(looks(own, moving_square)).detections.track_ids
    assert any(has_colour(row.cells[0], colour(number)) for number in ids)


def test_a_filters_features_are_those_of_its_slot(figure_inferencer, moving_square, rows, monkeypatch):
    own, shown = figure_inferencer("efficientvis"), []
    monkeypatch.setattr(module, "heat", lambda size, crop: shown.append(size) or crop)
    filter_figure(own, moving_square, [1, 2])
    slots = len(next(looks(own, moving_square)).detections.track_ids)
    best = min(slots, module.BEST)
    assert len(rows) == 3 * best
    assert len(shown) == 2 * 2 * best
    assert [row.title.split(" ", 1)[1] for row in rows[:3]] == ["proposal", "RoI features", "tracklet features"]
    # the same by hand: the last stage's convolution on the RoI features of its proposals
    layer, calls = own.model.head.stage(-1).dynamic_conv, []
    handle = layer.norm_out.register_forward_hook(lambda *args: calls.append(args[-1]))
    look = next(looks(own, moving_square))
    handle.remove()
    slot = int(rows[0].title.split(" ")[0][1:])
    scores = look.detections.scores.max(-1).mean(1)
    assert slot == int(np.argmax(scores))
    with torch.no_grad():
        features = own.model.extract_features(look.arguments[0])
        (output,) = own.model.head(features, look.arguments[1], look.arguments[2].queries[None], last_only=True)
        n, t = output.proposals.shape[1:3]
        rois = torch.cat([torch.arange(t).repeat(n)[:, None].float(), output.proposals.flatten(0, 2)], dim=1)
        crops = own.model.head.roi_extractor(features, rois).unflatten(0, (1, n, t))
        after = layer.apply_filters(output.filters, crops)
    for i, time in enumerate((1, 2)):
        expected = crops[0, slot, time].norm(dim=0).numpy()
        np.testing.assert_allclose(shown[i], expected, rtol=1e-3, atol=1e-4)
        np.testing.assert_allclose(shown[2 + i], after[0, slot, time].norm(dim=0).numpy(), rtol=1e-3, atol=1e-4)


def test_all_boxes_are_drawn_in_the_colours_of_their_slots(figure_inferencer, moving_square, rows):
    own = figure_inferencer("inspro")
    box_figure([own, own], ["with", "without"], moving_square, [0, 3])
    assert [row.title for row in rows] == ["with", "without"]
    assert all(np.array_equal(a, b) for a, b in zip(rows[0].cells, rows[1].cells, strict=True))
    last = len(next(looks(own, moving_square)).detections.track_ids) - 1
    assert has_colour(rows[0].cells[0], colour(last)), "the last one is drawn on top"


def test_maps_have_their_rows(figure_inferencer, moving_square, rows):
    map_figure(figure_inferencer("srnet"), moving_square, [0, 5])
    assert [row.title for row in rows] == ["objects", "offsets", "objectness", "tracking vectors", "heatmap"]
    assert all(len(row.cells) == 2 for row in rows)
    empty, full = rows[-1].cells
    red = [int(cell[..., 0].astype(int).max() - cell[..., 2].astype(int).min()) for cell in (empty, full)]
    assert red[1] > red[0], "a video's first frame starts from an empty heatmap"


@pytest.mark.parametrize(
    ("figure", "name"), [(proposal_figure, "srnet"), (filter_figure, "inspro"), (map_figure, "efficientvis")]
)
def test_a_figure_of_another_model(figure, name, figure_inferencer, moving_square):
    with pytest.raises(InputError, match="shows what is inside"):
        figure(figure_inferencer(name), moving_square, [0])


def test_points():
    assert Point.parse("SRNet = R50=35,58.8") == Point("SRNet = R50", 35.0, 58.8)
    for text in ("SRNet", "=3,4", "SRNet=3", "SRNet=0,4", "SRNet=nan,4", "SRNet=3,4,5"):
        with pytest.raises(InputError, match="NAME=FPS,FIGURE"):
            Point.parse(text)


def test_the_trade_off_is_drawn(tmp_path):
    trade_off_figure([Point("a", 10, 50), Point("b", 30, 40)], tmp_path / "one.png")
    trade_off_figure([Point("a", 10, 50), Point("b", 30, 60)], tmp_path / "other.png")
    one, other = ((tmp_path / f"{name}.png").read_bytes() for name in ("one", "other"))
    assert one.startswith(b"\x89PNG")
    assert one != other
