"""The study: each claim of the papers' ablation tables put to the test on ShapesVIS, with its noise."""
