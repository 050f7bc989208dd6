_base_ = "./srnet_r101_davis2019.py"

# for tests, with the weights of srnet_r101_davis2019: the heatmap is zero, as the paper describes it; trained with this
# config, the model never sees one
model = dict(heatmap=False)
