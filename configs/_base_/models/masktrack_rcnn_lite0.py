_base_ = ["./masktrack_rcnn_r50.py", "./lite0.py"]

start = None  # it starts from its backbone
# objects of one class
model = dict(
    data_preprocessor=_base_.lite0.pixels,
    detector=dict(
        backbone=_base_.lite0.backbone,
        neck=_base_.lite0.neck,
        rpn_head=dict(in_channels=96, feat_channels=96),
        roi_head=dict(
            bbox_roi_extractor=dict(out_channels=96),
            bbox_head=dict(num_classes=1, in_channels=96, fc_out_channels=256),
            mask_roi_extractor=dict(out_channels=96),
            mask_head=dict(num_classes=1, num_convs=2, in_channels=96, conv_out_channels=96),
        ),
        test_cfg=dict(rpn=dict(nms_pre=100, max_per_img=50)),
    ),
    track_head=dict(roi_extractor=dict(out_channels=96), embed_head=dict(in_channels=96, fc_out_channels=256)),
)
