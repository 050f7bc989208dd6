"""When a training says that it will end, and what it says at its end."""

from types import SimpleNamespace

import pytest
from mmengine.hooks import iter_timer_hook
from mmengine.logging import MessageHub

from mmvis_ext.engine import OutcomeHook, PlainCheckpointHook, WallTimerHook, progress


class Clock:
    now = 1000.0

    def time(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(progress, "time", clock)
    monkeypatch.setattr(iter_timer_hook, "time", clock)
    return clock


def etas(clock, first: int, last: int, search: float, val_every: int = 0) -> list[float]:
    """Seconds that a training of iterations first..last-1 says it still needs, after each; an iteration takes 2 s.

    Before the first the training searches its place for some seconds; a validation takes 10 s.
    """
    hub = MessageHub(f"clock-{id(clock)}-{first}-{search}-{val_every}")
    run = SimpleNamespace(iter=first, max_iters=last, message_hub=hub, val_dataloader=[0] * 5)
    hook, said = WallTimerHook(), []
    hook.before_train(run)
    hook.before_train_epoch(run)
    clock.now += search
    for run.iter in range(first, last):
        hook.before_train_iter(run, 0)
        clock.now += 2.0
        hook.after_train_iter(run, 0)
        said.append(hub.get_info("eta"))
        if val_every and (run.iter + 1) % val_every == 0:
            hook.before_val_epoch(run)
            for i in range(5):
                hook.before_val_iter(run, i)
                clock.now += 2.0
                hook.after_val_iter(run, i)
            hook.after_val_epoch(run)
    return said


def test_an_even_training_ends_when_it_says(clock):
    assert etas(clock, 0, 6, search=0.0) == pytest.approx([10, 8, 6, 4, 2, 0])


def test_the_search_for_the_place_to_go_on_does_not_count(clock):
    assert etas(clock, 94, 100, search=500.0) == pytest.approx([10, 8, 6, 4, 2, 0])


def test_validations_count(clock):
    said = etas(clock, 0, 12, search=0.0, val_every=4)
    truth = [2.0 * (11 - i) + 10.0 * sum(j % 4 == 3 for j in range(i, 11)) for i in range(12)]
    # the first is not foreseen; from the first of them on the estimate is right where one begins
    assert said[4] == pytest.approx((2 * 4 + 10) / 4 * 7)
    assert said[8] == pytest.approx((2 * 8 + 20) / 8 * 3)
    assert abs(said[4] - truth[4]) < abs(2.0 * 7 - truth[4]), "no better than without validations"
    assert said[-1] == 0


def outcome(log, tmp_path, hooks, **known) -> str:
    hub = MessageHub(f"outcome-{id(known)}-{len(known)}-{tmp_path.name}")
    for name, value in known.items():
        hub.update_info(name, value)
    from mmengine.logging import MMLogger

    run = SimpleNamespace(
        hooks=hooks, message_hub=hub, iter=8, log_dir=str(tmp_path), logger=MMLogger.get_current_instance()
    )
    OutcomeHook().after_train(run)
    (said,) = [r.getMessage() for r in log.records if "is done" in r.getMessage()]
    return said


def test_what_was_reached_and_where_it_lies(log, tmp_path):
    (tmp_path / "curves.png").touch()
    hook = PlainCheckpointHook(save_best="v/AP")
    said = outcome(log, tmp_path, [hook], best_score=0.51239, best_ckpt="w/b.pth", last_ckpt="w/epoch_4.pth")
    assert said == (
        "The training is done after 8 iterations: the best checkpoint (v/AP 0.5124) is w/b.pth, the last checkpoint is "
        f"w/epoch_4.pth, the curves are in {tmp_path}/curves.png."
    )


def test_several_best_figures(log, tmp_path):
    known = {"best_score_v/AP": 0.5, "best_ckpt_v/AP": "a.pth", "best_score_v/AR": 0.25, "best_ckpt_v/AR": "r.pth"}
    said = outcome(log, tmp_path, [PlainCheckpointHook(save_best=["v/AP", "v/AR"])], **known)
    assert "the best checkpoint (v/AP 0.5) is a.pth, the best checkpoint (v/AR 0.25) is r.pth." in said


def test_a_best_one_of_an_earlier_run_whose_figure_has_no_name(log, tmp_path):
    said = outcome(log, tmp_path, [PlainCheckpointHook(save_best="auto")], best_score=0.5, best_ckpt="b.pth")
    assert "the best checkpoint (0.5) is b.pth." in said


@pytest.mark.parametrize("hooks", [[], [PlainCheckpointHook()]])
def test_nothing_is_kept(hooks, log, tmp_path):
    assert outcome(log, tmp_path, hooks) == "The training is done after 8 iterations: nothing is kept."
