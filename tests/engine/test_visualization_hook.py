"""Pictures during a test."""

from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from mmdet.structures import DetDataSample, TrackDataSample

from mmvis_ext.annotations.records import TrackAnnotation, VideoRecord
from mmvis_ext.engine.visualization_hook import TrackVisualizationHook, ValidationSheetHook
from mmvis_ext.structures import Track, VideoTracks, boxes_of, encode
from mmvis_ext.utils.errors import InputError
from mmvis_ext.videos import open_video

SIZE, LENGTH = (48, 64), 5
META = dict(classes=("disc", "star"), categories=(dict(id=2, name="disc"), dict(id=7, name="star")))


def masks(x):
    planes = np.zeros((LENGTH, *SIZE), np.uint8)
    planes[:, 10:30, x : x + 20] = 1
    return encode(planes)


@pytest.fixture
def frames(tmp_path):
    folder = tmp_path / "frames" / "a clip"
    folder.mkdir(parents=True)
    for t in range(LENGTH):
        cv2.imwrite(str(folder / f"{t}.png"), np.full((*SIZE, 3), 30 * t, np.uint8))
    return [str(folder / f"{t}.png") for t in range(LENGTH)]


def window(paths, start, truth=None, video_id=3, tracks=None):
    """A window as the test loop hands it to hooks: its batch, and the video if it is done."""
    images = []
    for path in paths[start : start + 2]:
        image = DetDataSample()
        image.set_metainfo(dict(img_path=path))
        images.append(image)
    sample = TrackDataSample(video_data_samples=images)
    if truth is not None:
        truth = VideoRecord(video_id, *SIZE, paths, list(range(LENGTH)), truth)
    sample.set_metainfo(dict(video=dict(id=video_id, start=start, length=LENGTH, truth=truth)))
    if tracks is not None:
        sample.set_data(dict(pred_tracks=tracks))
    return dict(data_samples=[sample]), [] if tracks is None else [sample]


class Dataset:
    """Videos 1, 2, 3 and 4."""

    metainfo = META

    def __len__(self):
        return 4

    def get_data_info(self, index):
        return dict(video_id=index + 1)


def run(hook, videos):
    runner = SimpleNamespace(test_dataloader=SimpleNamespace(dataset=Dataset()))
    hook.before_test(runner)
    for paths, truth, video_id in videos:
        tracks = VideoTracks(video_id, *SIZE, LENGTH)
        tracks.tracks = [Track(i, np.array(s), masks(x), boxes_of(masks(x))) for i, (x, s) in enumerate(PREDICTED)]
        for start in (0, 2, 4):
            batch, done = window(paths, start, truth, video_id, tracks if start == 4 else None)
            hook.after_test_iter(runner, start, batch, done)


PREDICTED = [(0, (0.9, 0.1)), (30, (0.1, 0.2))]
TRUTH = [TrackAnnotation(1, 7, masks(2), boxes_of(masks(2)))]


def read(path):
    return cv2.imread(str(path))


@pytest.mark.parametrize(("kind", "endings"), [("both", {".mp4", ".png"}), ("sheet", {".png"}), ("video", {".mp4"})])
def test_files_of_each_kind(frames, tmp_path, kind, endings):
    run(TrackVisualizationHook(tmp_path / "out", kind), [(frames, TRUTH, 3)])
    assert {p.name for p in (tmp_path / "out").iterdir()} == {f"0003_a_clip{ending}" for ending in endings}


def test_the_video_is_whole_and_small_frames_are_enlarged(frames, tmp_path):
    run(TrackVisualizationHook(tmp_path / "out", "video", fps=3), [(frames, None, 3)])
    source = open_video(tmp_path / "out/0003_a_clip.mp4")
    pictures = list(source)
    assert source.fps == pytest.approx(3)
    assert len(pictures) == LENGTH
    assert pictures[0].shape == (240, 320, 3)
    assert [p[230, 10].mean() for p in pictures] == pytest.approx([30 * t for t in range(LENGTH)], abs=8)


def test_the_video_has_truth_at_the_left_and_prediction_at_the_right(frames, tmp_path):
    unlike = [TrackAnnotation(1, 7, masks(40), boxes_of(masks(40)))]
    run(TrackVisualizationHook(tmp_path / "out", "video"), [(frames, unlike, 3)])
    pictures = list(open_video(tmp_path / "out/0003_a_clip.mp4"))
    assert len(pictures) == LENGTH
    for picture in pictures:
        sides = picture[-240:, :320].astype(int), picture[-240:, -320:].astype(int)
        left, right = (np.abs(side - side[230, 10]).max(-1) > 25 for side in sides)
        assert left[60:140, 210:290].all()
        assert not left[10:, :190].any()
        assert right[60:140, 10:90].all()
        assert not right[160:, 110:].any()


def test_the_prediction_wears_the_colour_of_its_truth(frames, tmp_path):
    run(TrackVisualizationHook(tmp_path / "low", "sheet", score_thr=0.0), [(frames, TRUTH, 3)])
    run(TrackVisualizationHook(tmp_path / "high", "sheet", score_thr=0.3), [(frames, TRUTH, 3)])
    run(TrackVisualizationHook(tmp_path / "none", "sheet"), [(frames, None, 3)])
    low, high, none = (read(tmp_path / d / "0003_a_clip.png") for d in ("low", "high", "none"))
    orange, blue = ((0, 159, 230), (233, 180, 86))  # BGR
    count = lambda picture, bgr: int((picture == bgr).all(-1).sum())  # noqa: E731
    assert count(high, orange) > count(none, orange) * 1.5, "truth and prediction are in one colour"
    assert none.shape[0] < high.shape[0], "without annotations predictions stand alone"
    assert count(high, blue) == 0
    assert count(low, blue) > 0, "a second track is drawn in another"


def test_every_video_has_its_own_frames(frames, tmp_path):
    others = frames[::-1]
    run(TrackVisualizationHook(tmp_path / "out", "video"), [(frames, None, 1), (others, None, 2)])
    for number, first in ((1, 0), (2, 120)):
        picture = next(iter(open_video(tmp_path / f"out/000{number}_a_clip.mp4")))
        assert picture[230, 10].mean() == pytest.approx(first, abs=8)


@pytest.mark.parametrize("processes", [[(1, 2, 3, 4)], [(1, 3), (2, 4)], [(4, 3), (2, 1)], [(3, 4), (1,), (2,)]])
def test_the_first_videos_of_the_data_set_whichever_process_has_them(processes, frames, tmp_path):
    for mine in processes:
        hook = TrackVisualizationHook(tmp_path / "out", "sheet", max_videos=2)
        run(hook, [(frames, None, number) for number in mine])
    assert {p.name for p in (tmp_path / "out").iterdir()} == {"0001_a_clip.png", "0002_a_clip.png"}


def test_more_videos_wanted_than_there_are(frames, tmp_path):
    run(TrackVisualizationHook(tmp_path / "out", "sheet", max_videos=9), [(frames, None, 4)])
    assert (tmp_path / "out/0004_a_clip.png").exists()


def test_bad_arguments(tmp_path):
    with pytest.raises(InputError, match="'film' is unknown"):
        TrackVisualizationHook(tmp_path, "film")
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        TrackVisualizationHook(tmp_path / "file" / "out").before_test(None)


def validated(hook, videos, iteration=7):
    """The pictures of a validation, as (name, sheet, step)."""
    seen = []
    run = SimpleNamespace(
        val_dataloader=SimpleNamespace(dataset=Dataset()),
        visualizer=SimpleNamespace(add_image=lambda *picture: seen.append(picture)),
        iter=iteration,
    )
    hook.before_val(run)
    for paths, truth, video_id in videos:
        tracks = VideoTracks(video_id, *SIZE, LENGTH)
        tracks.tracks = [Track(i, np.array(s), masks(x), boxes_of(masks(x))) for i, (x, s) in enumerate(PREDICTED)]
        for start in (0, 2, 4):
            batch, done = window(paths, start, truth, video_id, tracks if start == 4 else None)
            hook.after_val_iter(run, start, batch, done)
    return seen


@pytest.mark.parametrize("truth", [TRUTH, None])
def test_a_validation_shows_the_sheets_of_a_test(truth, frames, tmp_path):
    run(TrackVisualizationHook(tmp_path / "out", "sheet"), [(frames, truth, 3)])
    ((name, sheet, step),) = validated(ValidationSheetHook(), [(frames, truth, 3)])
    assert (name, step) == ("val_0003_a_clip", 7)
    np.testing.assert_array_equal(sheet[..., ::-1], read(tmp_path / "out/0003_a_clip.png"))


def test_each_validation_shows_its_first_videos(frames):
    hook = ValidationSheetHook(max_videos=2)
    for iteration in (4, 8):
        seen = validated(hook, [(frames, None, number) for number in (1, 2, 3)], iteration)
        assert [(name, step) for name, _, step in seen] == [(f"val_000{i}_a_clip", iteration) for i in (1, 2)]
    assert validated(ValidationSheetHook(max_videos=0), [(frames, None, 1)]) == []
