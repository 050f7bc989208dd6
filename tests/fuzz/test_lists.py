"""Lists of sequences and frames with something wrong in them are read, or refused in a sentence."""

import sys

import pytest
from hypothesis import given
from mutants import fuzz, harmless, spoiled
from small_davis import pair

from mmvis_ext.annotations.lists import read_frame_list, read_sequence_list

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits the memory as Linux does")

SEQUENCES = "bear\nblackswan\nbmx-bumps\n"
FRAMES = "".join(f"{pair(name, t)}\n" for name in ("bear", "blackswan") for t in range(3))


@fuzz
@given(data=spoiled(SEQUENCES.encode()) | spoiled(FRAMES.encode()))
def test_bytes_of_a_list(data, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "list.txt"
    path.write_bytes(data)
    for read in (read_frame_list, read_sequence_list):
        harmless(read, path)
