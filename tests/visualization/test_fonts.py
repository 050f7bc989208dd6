"""Names in any script are legible where the machine has a font for them, and otherwise replaced with a warning."""

import importlib.util

import numpy as np
import pytest

from mmvis_ext.annotations.youtube_vis import read_annotation_file
from mmvis_ext.visualization import fonts, text
from mmvis_ext.visualization.shown import ShownTrack, shown_truth

CACHED = (fonts.writable, fonts.legible, fonts._font_file, fonts._files, text._rendered)


@pytest.fixture(autouse=True)
def forget():
    for function in CACHED:
        function.cache_clear()
    yield
    for function in CACHED:
        function.cache_clear()


@pytest.fixture
def bare(monkeypatch):
    """A machine without fonts but Pillow's."""
    monkeypatch.setattr(fonts, "_files", lambda: ())


def picture(word: str) -> np.ndarray:
    width, height = text.text_size(word, 24)
    image = np.zeros((height, width, 3), np.uint8)
    text.put_text(image, word, 0, 0, 24, (255, 255, 255))
    return image


@pytest.mark.skipif(importlib.util.find_spec("matplotlib") is None, reason="needs the fonts of matplotlib")
@pytest.mark.parametrize("word", ["ü", "é", "ñ", "Ж", "Größe", "кот"])
def test_letters_that_a_font_of_the_machine_has_are_drawn(word, capfd):
    assert fonts.legible(word, "class 3") == word
    assert not capfd.readouterr().err
    boxes = picture(fonts.NO_LETTER * len(word))
    assert picture(word).shape != boxes.shape or (picture(word) != boxes).any()
    assert (picture(word) > 0).any()


def test_without_a_font_accents_are_left_out(bare, capfd):
    assert fonts.legible("crème brûlée", "class 3") == "creme brulee"
    assert fonts.legible("crème brûlée", "class 3") == "creme brulee"
    said = capfd.readouterr().err
    assert said.count("\n") == 1, "once"
    assert "'crème brûlée', which is drawn as 'creme brulee'" in said
    assert np.array_equal(picture("é"), picture("e"))


def test_without_a_font_a_class_is_called_by_its_number(bare, capfd):
    assert fonts.legible("猫", "class 3") == "class 3"
    assert "'猫', which is drawn as 'class 3'" in capfd.readouterr().err
    assert fonts.legible("cat?", "class 3") == "cat?"
    assert np.array_equal(picture("a猫"), picture("a?")), "other texts have a question mark"


def test_captions_of_the_truth_are_legible(bare, official, write):
    official["categories"][1]["name"] = "狗"
    file = read_annotation_file(write(official))
    shown: list[ShownTrack] = shown_truth(file.videos[0], file.categories)
    assert [track.caption for track in shown] == ["class 1", "cat"]
