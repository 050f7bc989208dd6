_base_ = "./srnet_small_shapesvis-mini-davis.py"

# at test the decoder sees this frame twice; the weights are those of srnet_small_shapesvis-mini-davis
model = dict(temporal=False)
