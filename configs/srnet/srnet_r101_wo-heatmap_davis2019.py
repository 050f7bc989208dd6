_base_ = "./srnet_r101_davis2019.py"

# the tracking head sees no heatmap
model = dict(heatmap=False)
