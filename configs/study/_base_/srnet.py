_base_ = "../../_base_/models/srnet_small.py"

# the last stage keeps its resolution: the coarsest level, to which the last frame's features are added, then has 8x6
# cells and not 4x3, of which each would hold a whole object
model = dict(backbone=dict(strides=(1, 2, 2, 1)))
