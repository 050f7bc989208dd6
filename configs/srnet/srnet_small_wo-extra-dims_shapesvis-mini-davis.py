_base_ = "./srnet_small_shapesvis-mini-davis.py"

model = dict(head=dict(extra_bandwidths=()))
