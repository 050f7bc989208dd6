_base_ = "./srnet_small_shapesvis-mini-davis.py"

# the tracking head sees no heatmap
model = dict(heatmap=False)
