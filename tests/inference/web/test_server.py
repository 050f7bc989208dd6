"""Serving without gradio."""

import os
import sys

import pytest

from mmvis_ext.inference.web import Settings, serve
from mmvis_ext.utils.errors import InputError


def test_without_gradio_it_says_what_to_install(runs, monkeypatch):
    monkeypatch.setitem(sys.modules, "gradio", None)
    before = dict(os.environ)
    with pytest.raises(InputError) as error:
        serve(runs, Settings("tiny"))
    assert str(error.value) == (
        "the page needs the package gradio, which is not installed: `pip install 'mmvis_ext[web]'`."
    )
    assert dict(os.environ) == before
