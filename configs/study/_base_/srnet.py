_base_ = "../../_base_/models/srnet_small.py"

# the last stage does not shrink its input: the coarsest level, the only one that is seen together with that of the last
# frame, then has 8x6 cells and not 4x3, each as large as an object
model = dict(backbone=dict(strides=(1, 2, 2, 1)))
