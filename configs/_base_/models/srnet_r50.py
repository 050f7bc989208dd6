_base_ = "./srnet_r101.py"

model = dict(backbone=dict(depth=50, init_cfg=dict(checkpoint="torchvision://resnet50")))
