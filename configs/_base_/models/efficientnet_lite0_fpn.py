_base_ = ["./resnet50_fpn.py", "./lite0.py"]

# EfficientNet-Lite0 in place of ResNet-50, the same in EfficientVIS, InsPro and SRNet
model = dict(data_preprocessor=_base_.lite0.pixels, backbone=_base_.lite0.backbone, neck=_base_.lite0.neck)
