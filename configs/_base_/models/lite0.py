# what the models on EfficientNet-Lite0 share, for real video of about 432x240 pixels on CPUs; the weights of ImageNet
# come from a Python package, see tools/start_weights.py
lite0 = dict(
    pixels=dict(mean=[127.0, 127.0, 127.0], std=[128.0, 128.0, 128.0]),  # those that the weights know
    backbone=dict(
        _delete_=True,
        type="mmvis_ext.EfficientNetLite",  # mmdet builds it too, in the detector of MaskTrack R-CNN
        arch="lite0",
        out_indices=(2, 3, 4, 5),
        frozen_stages=2,
        norm_eval=True,
        init_cfg=dict(type="Pretrained", checkpoint="checkpoints/efficientnet_lite0.pth"),
    ),
    neck=dict(in_channels=[24, 40, 112, 320], out_channels=96),
)
