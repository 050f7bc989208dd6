import pytest

from mmvis_ext.inference import VISInferencer
from mmvis_ext.inference.web import Limits, Runs
from mmvis_ext.testing import tiny_checkpoint, tiny_config, tiny_dataset
from mmvis_ext.videos import VideoWriter, open_video


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    """A video of 21 frames and 2.1 seconds."""
    root = tmp_path_factory.mktemp("video")
    frames = list(open_video(sorted((tiny_dataset(root / "tiny") / "val/JPEGImages").iterdir())[0]))
    with VideoWriter(root / "shapes.mp4", 10) as video:
        for frame in frames * 3:
            video.write(frame)
    return root / "shapes.mp4"


@pytest.fixture(scope="module")
def inferencer(tmp_path_factory):
    checkpoint = tiny_checkpoint(tmp_path_factory.mktemp("tiny") / "tiny.pth", tiny_config())
    return VISInferencer(tiny_config(), checkpoint, "cpu")


@pytest.fixture(scope="module")
def runs(inferencer):
    return Runs({"tiny": lambda: inferencer}, Limits(1.0, 30.0))
