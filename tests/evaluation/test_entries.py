"""What cannot be evaluated is refused in a sentence that names the file, the entry, the field and the remedy."""

# ruff: noqa: SIM300  (AP is a figure, not a constant)

import copy

import pytest
from vis_problems import annotation, judged, rectangle, result, truth, video

from mmvis_ext.annotations.youtube_vis import read_annotations
from mmvis_ext.evaluation import evaluate_ytvis
from mmvis_ext.utils.errors import InputError

OF = video(1, 2, 20, 30)
MASK = rectangle(20, 30, 2, 2, 5, 5)
GT = truth([OF], [annotation(1, OF, 1, [MASK, None])])


def code(*runs: int) -> dict:
    """An RLE of these runs, whatever they are; each number has four characters, five bits each."""
    stored = [run - (runs[i - 2] if i > 2 else 0) for i, run in enumerate(runs)]
    digits = ([(number >> 5 * i & 31) + 32 * (i < 3) for i in range(4)] for number in stored)
    return dict(size=[20, 30], counts="".join(chr(48 + digit) for number in digits for digit in number))


CHEAT = code(0, 600, 0, -599, 599)  # pycocotools sees one pixel in it that overlaps every mask wholly
ENDLESS = code(0, 700, -100)  # pycocotools never returns from it
RESULTS = [result(OF, 1, 0.5, [None, MASK])]


def message(gt=GT, results=RESULTS, iou_type="segm"):
    with pytest.raises(InputError) as error:
        judged(gt, results, iou_type, results_where="results.json")
    text = str(error.value)
    assert text.endswith(".")
    assert "\n" not in text
    return text


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (dict(video_id=9), "'video_id' 9"),
        (dict(video_id=[1]), "'video_id' [1]"),
        (dict(category_id=9), "'category_id' 9"),
        (dict(score=float("nan")), "'score'"),
        (dict(score=float("inf")), "'score'"),
        (dict(score="high"), "'score'"),
        (dict(score=10**30), "'score'"),
        (dict(score=10**400), "'score'"),
        (dict(score=1e308), "'score'"),
        (dict(score=True), "'score'"),
        (dict(video_id=10**30), "'video_id' 1000"),
        (dict(video_id="1"), "'video_id' '1'"),
        (dict(score=None), "'score'"),
        (dict(segmentations=[MASK]), "2 in video 1, but here it has 1"),
        (dict(segmentations=[MASK] * 3), "here it has 3"),
        (dict(segmentations=None), "'segmentations'"),
        (dict(segmentations=[None, rectangle(30, 20, 2, 2, 5, 5)]), "frame 1: the RLE's size [30, 20]"),
        (dict(segmentations=[dict(MASK, counts=MASK["counts"][:-1]), None]), "frame 0"),
        (dict(segmentations=[dict(size=[20, 30], counts=[1, 2]), None]), "frame 0"),
        (dict(segmentations=[MASK, "mask"]), "frame 1"),
        (dict(segmentations=[MASK, {}]), "frame 1"),
        (dict(segmentations=[MASK, CHEAT]), "frame 1: the compressed RLE does not fill"),
        (dict(segmentations=[MASK, ENDLESS]), "frame 1: the compressed RLE does not fill"),
        (dict(segmentations=[MASK, dict(size=[20, 30], counts=[599, True])]), "frame 1"),
    ],
)
def test_results(change, expected):
    text = message(results=[*RESULTS, RESULTS[0] | change])
    assert text.startswith("results.json: entry 1")
    assert expected in text


@pytest.mark.parametrize("field", ["video_id", "category_id", "score", "segmentations"])
def test_missing_fields(field):
    entry = {key: value for key, value in RESULTS[0].items() if key != field}
    assert message(results=[entry]) == f"results.json: entry 0: the field '{field}' is missing; complete the entry."


@pytest.mark.parametrize("results", [dict(annotations=[]), None, ["entry"]])
def test_results_of_another_form(results):
    assert "results.json" in message(results=results)


@pytest.mark.parametrize("bboxes", [[[1, 2, 3], None], [[1, 2, -3, 4], None], [[1, 2, float("nan"), 4], None], [None]])
def test_boxes(bboxes):
    text = message(results=[RESULTS[0] | dict(bboxes=bboxes)], iou_type="bbox")
    assert text.startswith("results.json: entry 0")


@pytest.mark.parametrize("gt", [[], None, dict(images=[], annotations=[], categories=[]), dict(videos="none")])
def test_ground_truth_of_another_form(gt):
    assert message(gt=gt).startswith("gt.json: ")


def test_annotations_that_are_not_public():
    for annotations in ({}, dict(annotations=None)):
        gt = {key: value for key, value in GT.items() if key != "annotations"} | annotations
        assert "no AP can be computed" in message(gt=gt)


@pytest.mark.parametrize(
    ("field", "change", "expected"),
    [
        ("videos", dict(height=0), "video 1: height 0"),
        ("videos", dict(length="2"), "video 1: 'length'"),
        ("annotations", dict(video_id=4), "annotation 1: video_id 4"),
        ("annotations", dict(category_id=4), "annotation 1: category_id 4"),
        ("annotations", dict(segmentations=[MASK]), "annotation 1: 'segmentations'"),
        ("annotations", dict(segmentations=[MASK, [[1, 2]]]), "annotation 1, frame 1"),
        ("annotations", dict(areas=["25", None]), "annotation 1: 'areas'"),
        ("annotations", dict(areas=[1e308, None]), "annotation 1: 'areas'"),
        ("annotations", dict(areas=[10**400, None]), "annotation 1: 'areas'"),
        ("annotations", dict(iscrowd="no"), "annotation 1: 'iscrowd' is 0 or 1, not 'no'"),
        ("annotations", dict(iscrowd=[]), "annotation 1: 'iscrowd' is 0 or 1"),
        ("annotations", dict(id=10**30), "'id' "),
        (
            "annotations",
            dict(segmentations=[MASK, CHEAT]),
            "frame 1 (video_1/00001.jpg): the compressed RLE does not fill",
        ),
        (
            "annotations",
            dict(segmentations=[ENDLESS, MASK]),
            "frame 0 (video_1/00000.jpg): the compressed RLE does not fill",
        ),
        ("videos", dict(id=10**30), "'id' is a number that does not fit 64 bits"),
        ("videos", dict(height=True), "'height' has the wrong type (bool)"),
        ("videos", dict(file_names=5), "'file_names' has the wrong type (int)"),
        ("videos", dict(file_names=["0.jpg", "\ud800"]), "no file can have the name"),
        ("videos", dict(file_names=["0.jpg", "a\0b"]), "no file can have the name"),
        ("categories", dict(name="\ud800"), "'name' holds a character that no text has"),
        ("annotations", dict(id=[1]), "'id'"),
    ],
)
def test_ground_truth(field, change, expected):
    gt = copy.deepcopy(GT)
    gt[field][0] |= change
    text = message(gt=gt)
    assert text.startswith("gt.json")
    assert expected in text


def test_boxes_alone_are_not_compared_as_masks():
    gt = copy.deepcopy(GT)
    del gt["annotations"][0]["segmentations"]
    assert "annotation 1: the field 'segmentations' is missing" in message(gt=gt)
    with pytest.raises(InputError, match=r"annotation 1: has boxes alone, so masks cannot be compared; evaluate with"):
        evaluate_ytvis(read_annotations(gt, "gt.json", as_boxes=True), RESULTS)
    found = RESULTS[0] | dict(bboxes=gt["annotations"][0]["bboxes"])
    assert judged(gt, [found], "bbox").AP == pytest.approx(1)
    assert "results.json: entry 0: has boxes alone" in message(
        results=[{k: v for k, v in found.items() if k != "segmentations"}]
    )


@pytest.mark.parametrize("field", ["videos", "categories", "annotations"])
def test_duplicate_ids(field):
    gt = copy.deepcopy(GT)
    gt[field].append(gt[field][0])
    assert "id 1 occurs twice" in message(gt=gt)


def test_no_categories():
    assert "'categories' is empty" in message(gt=dict(GT, categories=[], annotations=[]), results=[])


def test_length_may_be_left_to_the_file_names():
    gt = copy.deepcopy(GT)
    del gt["videos"][0]["length"]
    assert judged(gt, RESULTS).AP == 0
