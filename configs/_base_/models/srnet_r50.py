_base_ = "./srnet_r101.py"

start = dict(detector="mask-rcnn_r50_fpn_mstrain-poly_3x_coco")

model = dict(backbone=dict(depth=50, init_cfg=dict(checkpoint="torchvision://resnet50")))
