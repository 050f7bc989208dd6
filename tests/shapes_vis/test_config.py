import pytest

from mmvis_ext.shapes_vis import SceneConfig
from mmvis_ext.utils.errors import InputError


@pytest.mark.parametrize(
    ("knobs", "named"),
    [
        (dict(lookalike=1.5), "lookalike"),
        (dict(blur=-0.1), "blur"),
        (dict(blur=float("nan")), "blur"),
        (dict(height=8), "height"),
        (dict(width=64.5), "width"),
        (dict(length=(9, 5)), "length"),
        (dict(length=7), "length"),
        (dict(length=(4, 9), enter_leave=0.5), "length"),
        (dict(length=(4, 9), jump=0.5), "length"),
        (dict(objects=(0, 2)), "objects"),
        (dict(objects=(1, 21)), "objects"),
        (dict(objects=(1, 1), crossing=0.5), "objects"),
        (dict(objects=(1, 2), lookalike=0.5, lookalikes=3), "lookalikes"),
        (dict(size=("a", 3)), "size"),
        (dict(speed=(1.0, float("inf"))), "speed"),
        (dict(frame_step=0), "frame_step"),
        (dict(scale_ratio=0.5), "scale_ratio"),
        (dict(deformation=1.0), "deformation"),
        (dict(shutter=9.0), "shutter"),
        (dict(pan=True), "pan"),
    ],
)
def test_a_value_that_makes_no_scene_is_named(knobs, named):
    with pytest.raises(InputError, match=f"'{named}'"):
        SceneConfig(**knobs)


def test_parse_reads_each_kind():
    settings = ["height=96", "blur=1", "spin=2.5", "objects=2,4", "length=30", "speed=1,2.5"]
    assert SceneConfig.parse(settings) == dict(
        height=96, blur=1.0, spin=2.5, objects=(2, 4), length=(30, 30), speed=(1.0, 2.5)
    )
    assert SceneConfig.parse([]) == {}


@pytest.mark.parametrize(
    "text", ["blurr=1", "blur", "=1", "blur=x", "blur=", "height=1.5", "objects=1,2,3", "blur=0,1", "size=8,x"]
)
def test_parse_turns_down_what_it_cannot_read(text):
    with pytest.raises(InputError, match=text.split("=")[0] or "knob"):
        SceneConfig.parse([text])
