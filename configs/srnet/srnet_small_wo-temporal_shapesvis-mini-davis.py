_base_ = "./srnet_small_shapesvis-mini-davis.py"

# only for tests, with the weights of srnet_small_shapesvis-mini-davis: the decoder sees the present frame twice instead
# of the last frame and the present one
model = dict(temporal=False)
