_base_ = ["mmdet::_base_/models/mask-rcnn_r50_fpn.py", "./track_head.py"]

# mmdet's MaskTrack R-CNN, with the values of mmdet's config
detector = _base_.model
detector.pop("data_preprocessor")
detector.roi_head.bbox_head.num_classes = 40
detector.roi_head.mask_head.num_classes = 40
detector.train_cfg.rpn.sampler.num = 64
detector.train_cfg.rpn_proposal.update(nms_pre=200, max_per_img=200)
detector.train_cfg.rcnn.sampler.num = 128
detector.test_cfg.rpn.update(nms_pre=200, max_per_img=200)
detector.test_cfg.rcnn.score_thr = 0.01
start = dict(detector="mask-rcnn_r50_fpn_1x_coco")  # see tools/start_weights.py
model = dict(
    _delete_=True,
    type="MaskTrackRCNNBaseline",
    data_preprocessor=dict(
        type="mmdet.TrackDataPreprocessor",
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        bgr_to_rgb=True,
        pad_mask=True,
        pad_size_divisor=32,
    ),
    detector=detector,
    track_head=_base_.track_head,
    tracker=_base_.tracker,
)
del detector
