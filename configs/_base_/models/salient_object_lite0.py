_base_ = "./efficientnet_lite0_fpn.py"

model = dict(type="SalientObjectBaseline", neck=dict(out_channels=64), channels=64)
