_base_ = "./inspro-vid_r50_imagenet-vid.py"

model = dict(backbone=dict(depth=101, init_cfg=dict(checkpoint="torchvision://resnet101")))
