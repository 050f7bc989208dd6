_base_ = "./efficientvis_r50_ytvis2019.py"

start = dict(detector="queryinst_r101_fpn_300-proposals_crop-ms-480-800-3x_coco")
model = dict(backbone=dict(depth=101, init_cfg=dict(checkpoint="torchvision://resnet101")))
