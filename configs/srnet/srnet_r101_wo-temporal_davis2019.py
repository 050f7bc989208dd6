_base_ = "./srnet_r101_davis2019.py"

# at test the decoder sees this frame twice; the weights are those of srnet_r101_davis2019
model = dict(temporal=False)
