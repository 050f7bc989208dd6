_base_ = "./srnet_r101_davis2019.py"

# only for tests, with the weights of srnet_r101_davis2019: the decoder sees the present frame twice instead
# of the last frame and the present one
model = dict(temporal=False)
