_base_ = "./efficientvis_r50_ytvis2019.py"

model = dict(backbone=dict(depth=101, init_cfg=dict(checkpoint="torchvision://resnet101")))
