"""Sequences against the slow form: proposals given to objects, void, empty masks, what is refused."""

import numpy as np
import pytest
from davis_oracle import VOID, blobs, sequence

from mmvis_ext.evaluation.davis_jf import FIGURES, evaluate_sequence, summarize
from mmvis_ext.evaluation.davis_measures import statistics
from mmvis_ext.utils.errors import InputError


def evaluate(truths, results):
    return evaluate_sequence("moving", zip(truths, results, strict=True))


@pytest.mark.parametrize(("number", "proposals"), [(3, 5), (3, 3), (3, 2), (1, 4), (2, 0)])
@pytest.mark.parametrize("seed", range(2))
def test_measures_are_those_of_the_best_assignment(seed, number, proposals):
    truths = blobs(seed, number=number)
    results = blobs(seed, number=proposals, shift=6, void=False)
    results = np.where(results > 0, (results % max(proposals, 1)) + 1, 0).astype(np.uint8)  # other indices
    ours = evaluate(truths, results)
    J, F = sequence(truths, results)
    np.testing.assert_allclose(ours.J, J, atol=1e-6)
    np.testing.assert_allclose(ours.F, F, atol=1e-6)


def test_a_result_that_is_the_truth_has_all_points_whatever_its_indices():
    truths = blobs(3)
    results = np.array([0, 7, 20, 5], np.uint8)[np.where(truths == VOID, 0, truths)]
    ours = evaluate(truths, results)
    assert ours.proposals == [7, 20, 5]
    assert ours.summary() == dict(zip(FIGURES, (100, 100, 100, 0, 100, 100, 0), strict=True))


def test_what_is_said_about_void_pixels_does_not_matter():
    truths, results = blobs(1), blobs(2, void=False)
    changed = np.where(truths == VOID, 1, results)
    assert (changed != results).any()
    np.testing.assert_array_equal(evaluate(truths, results).J, evaluate(truths, changed).J)
    np.testing.assert_array_equal(evaluate(truths, results).F, evaluate(truths, changed).F)


def test_a_frame_of_void_alone():
    truths, results = blobs(1), blobs(1, void=False)
    truths[2] = VOID
    assert evaluate(blobs(1), results).void_frames == []
    ours = evaluate(truths, results)
    assert ours.void_frames == [2]
    assert (ours.J[:, 2] == 1).all()
    assert (ours.F[:, 2] == 1).all()


def test_objects_are_those_of_the_first_frame():
    truths = np.zeros((3, 20, 30), np.uint8)
    truths[:, 2:9, 2:9] = 1
    truths[1:, 12:18, 12:18] = 2
    ours = evaluate(truths, truths)
    assert (len(ours.J), ours.left_out, ours.summary()["J&F"]) == (1, [2], 100)
    truths[0] = 0
    nothing = evaluate(truths, truths)
    assert (len(nothing.J), nothing.left_out) == (0, [1, 2])
    assert set(nothing.summary().values()) == {-1}


def test_figures_are_means_over_all_objects_of_all_sequences():
    sequences = [evaluate(blobs(1), blobs(2)[:, ::-1] % 4), evaluate(blobs(4, 6, number=1), blobs(5, 6, void=False))]
    J, F = ([values for s in sequences for values in getattr(s, name)] for name in "JF")
    assert len(J) == 4
    expected = np.array([[statistics(a) for a in J], [statistics(a) for a in F]]).mean(axis=1) * 100
    figures = summarize(sequences)
    assert tuple(figures) == FIGURES
    assert list(figures.values())[1:] == pytest.approx(expected.ravel().tolist())
    assert figures["J&F"] == pytest.approx((figures["J-mean"] + figures["F-mean"]) / 2)
    rows = sequences[0].report()["objects"]
    assert list(rows) == ["1", "2", "3"]
    assert rows["2"]["J-mean"] == pytest.approx(100 * sequences[0].J[1].mean())


def test_what_cannot_be_evaluated():
    truths = blobs(1)
    results = truths.copy()
    results[2, 0, 0] = 21
    with pytest.raises(InputError, match="holds the index 21, but a sequence has at most 20 proposals"):
        evaluate(truths, np.where(results == VOID, 0, results))
    with pytest.raises(InputError, match="moving: has no frames"):
        evaluate([], [])


def test_more_objects_than_proposals_are_allowed():
    truth = np.arange(1, 26, dtype=np.uint8).repeat(40).reshape(1, 25, 40)
    ours = evaluate(truth, np.where(truth > 20, 0, truth))
    assert ours.J[:, 0].tolist() == [1] * 20 + [0] * 5


@pytest.mark.parametrize("seed", range(3))
def test_an_id_that_no_frame_shows_is_no_object(seed):
    truths, results = blobs(seed, number=3), blobs(seed, number=3, shift=6, void=False)
    plain = evaluate(truths, results)
    gapped = evaluate(np.where(truths == 3, 5, truths), results)
    assert (plain.ids, gapped.ids) == ([1, 2, 3], [1, 2, 5])
    np.testing.assert_array_equal(gapped.J, plain.J)
    np.testing.assert_array_equal(gapped.F, plain.F)
    assert gapped.summary() == plain.summary()
    assert list(gapped.report()["objects"]) == ["1", "2", "5"]
