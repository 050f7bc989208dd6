"""Which video, which seed, which process."""

from functools import partial
from itertools import islice

import pytest
from mmengine.dataset import ClassBalancedDataset, ConcatDataset, RepeatDataset

from mmvis_ext.datasets import ClipIndex, VideoClipSampler, VideoDrawSampler, YouTubeVISDataset, samplers
from mmvis_ext.utils.errors import InputError


class Videos:
    """As much of a dataset as samplers look at."""

    def __init__(self, *lengths: int) -> None:
        self.lengths = lengths

    def __len__(self) -> int:
        return len(self.lengths)

    def get_len_per_video(self, i: int) -> int:
        return self.lengths[i]


@pytest.fixture
def processes(monkeypatch):
    """Build a sampler as each of several processes would."""

    def build(world_size: int, make) -> list:
        out = []
        for rank in range(world_size):
            monkeypatch.setattr(samplers, "get_dist_info", lambda rank=rank: (rank, world_size))
            out.append(make())
        return out

    return build


def test_every_video_is_drawn_once_per_epoch_with_its_own_seed():
    draws = list(VideoDrawSampler(Videos(*[1] * 50), seed=1))
    assert sorted(d.video for d in draws) == list(range(50))
    assert [d.video for d in draws] != list(range(50))
    assert len({d.seed for d in draws}) == 50


def test_repeat_draws_each_video_several_times_with_different_seeds():
    sampler = VideoDrawSampler(Videos(1, 1, 1), seed=1, repeat=4)
    draws = list(sampler)
    assert sorted(d.video for d in draws) == [0] * 4 + [1] * 4 + [2] * 4
    assert len({d.seed for d in draws}) == 12 == len(sampler)


def test_order_and_seeds_depend_on_seed_and_epoch_alone():
    def draw(seed, epoch):
        sampler = VideoDrawSampler(Videos(*[1] * 9), seed=seed)
        sampler.set_epoch(epoch)
        return list(sampler)

    assert draw(1, 2) == draw(1, 2)
    assert draw(1, 2) != draw(1, 3)
    assert draw(1, 2) != draw(2, 2)


def test_going_over_an_epoch_twice_gives_the_same():
    sampler = VideoDrawSampler(Videos(*[1] * 9), seed=0)
    assert list(sampler) == list(sampler)


def test_without_shuffling_the_files_order_stays():
    assert [d.video for d in VideoDrawSampler(Videos(1, 1, 1), seed=5, shuffle=False)] == [0, 1, 2]


@pytest.mark.parametrize("world_size", [1, 2, 3, 5])
def test_processes_share_an_epoch(processes, world_size):
    parts = processes(world_size, lambda: VideoDrawSampler(Videos(*[1] * 7), seed=2))
    draws = [list(p) for p in parts]
    assert {len(d) for d in draws} == {-(-7 // world_size)} == {len(p) for p in parts}
    together = [d for round_ in zip(*draws, strict=True) for d in round_]
    whole = list(processes(1, lambda: VideoDrawSampler(Videos(*[1] * 7), seed=2))[0])
    assert [d.video for d in together[:7]] == [d.video for d in whole]
    assert len({d.seed for d in together}) == len(together), "what fills the last round has its own seeds"


def test_without_rounding_up_nothing_is_drawn_twice(processes):
    parts = processes(3, lambda: VideoDrawSampler(Videos(*[1] * 7), seed=2, round_up=False))
    draws = [list(p) for p in parts]
    assert [len(d) for d in draws] == [3, 2, 2] == [len(p) for p in parts]
    assert sorted(d.video for part in draws for d in part) == list(range(7))


def test_more_processes_than_videos_still_get_equally_many(processes):
    parts = processes(5, lambda: VideoDrawSampler(Videos(1, 1), seed=2))
    assert [len(list(p)) for p in parts] == [1] * 5


def test_windows_cover_every_video_in_time_order():
    sampler = VideoClipSampler(Videos(5, 1, 4), clip_len=2)
    expected = [(0, 0, 2), (0, 2, 4), (0, 4, 5), (1, 0, 1), (2, 0, 2), (2, 2, 4)]
    assert list(sampler) == [ClipIndex(*w) for w in expected]
    assert len(sampler) == 6


def test_a_misspelt_argument_is_an_error():
    assert len(VideoClipSampler(Videos(3), clip_len=2, seed=7)) == 2
    with pytest.raises(TypeError, match="shufle"):
        VideoClipSampler(Videos(3), clip_len=2, shufle=True)


def test_a_window_may_be_longer_than_the_video():
    assert list(VideoClipSampler(Videos(3), clip_len=36)) == [ClipIndex(0, 0, 3)]


@pytest.mark.parametrize(("world_size", "loads"), [(2, [13, 15]), (3, [10, 9, 9]), (9, [9, 8, 7, 2, 1, 1, 0, 0, 0])])
def test_a_video_stays_whole_on_one_process_and_the_load_is_even(processes, world_size, loads):
    lengths = (9, 2, 7, 1, 1, 8)
    parts = [list(p) for p in processes(world_size, lambda: VideoClipSampler(Videos(*lengths), clip_len=3))]
    homes = {}
    for rank, part in enumerate(parts):
        for window in part:
            assert homes.setdefault(window.video, rank) == rank
    assert sorted(homes) == list(range(len(lengths)))
    whole = list(processes(1, lambda: VideoClipSampler(Videos(*lengths), clip_len=3))[0])
    assert sorted(w for part in parts for w in part) == whole
    assert [sum(w.stop - w.start for w in part) for part in parts] == loads


def test_an_endless_sampler_goes_on_with_the_next_epoch():
    def draws(number, skip=0):
        sampler = VideoDrawSampler(Videos(*[1] * 5), seed=3, endless=True)
        sampler.skip(skip)
        return list(islice(sampler, number))

    expected = []
    for epoch in range(3):
        once = VideoDrawSampler(Videos(*[1] * 5), seed=3)
        once.set_epoch(epoch)
        expected += list(once)
    assert draws(15) == expected
    for skip in (0, 3, 5, 11):
        assert draws(4, skip) == expected[skip : skip + 4], "a resumed run draws what an uninterrupted one would"


@pytest.mark.parametrize(
    ("wrap", "remedy"),
    [
        (lambda d: RepeatDataset(d, times=3), r"RepeatDataset: .* repeat="),
        (lambda d: ConcatDataset([d, d]), r"ConcatDataset: .* MixedDataset"),
        (lambda d: ClassBalancedDataset(d, oversample_thr=0.5), r"ClassBalancedDataset: .* MixedDataset"),
    ],
)
def test_wrappers_of_data_sets_are_refused_with_what_to_write_instead(wrap, remedy, official, write):
    dataset = YouTubeVISDataset(ann_file=str(write(official)), pipeline=[])
    dataset.get_cat_ids = lambda i: [0]
    for sampler in (VideoDrawSampler, partial(VideoClipSampler, clip_len=2)):
        with pytest.raises(InputError, match=remedy):
            sampler(wrap(dataset))
