_base_ = "./inspro-vid_r50_imagenet-vid.py"

start = dict(detector="sparse-rcnn_r101_fpn_ms-480-800-3x_coco")
model = dict(backbone=dict(depth=101, init_cfg=dict(checkpoint="torchvision://resnet101")))
