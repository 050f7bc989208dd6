_base_ = [
    "./_base_/inspro.py",
    "../_base_/models/track_head.py",
    "./_base_/three_frames.py",
    "./_base_/schedule.py",
    "./_base_/runtime.py",
]

# nothing goes from frame to frame; detections are linked as MaskTrack R-CNN links them
rois = dict(
    _base_.model.head.roi_extractor,
    type="mmvis_ext.StaticRoIExtractor",
    roi_layer=dict(type="RoIAlign", output_size=7, sampling_ratio=1),
)
model = dict(
    type="InsProByDetection",
    visible_thr=0.2,  # better than 0.05, 0.1 and 0.3
    consistent=False,
    loss_weights=dict(dedup=0),
    head=dict(propagate="none", bank_length=1),
    track_head=dict(
        _base_.track_head,
        roi_extractor=rois,
        embed_head=dict(_base_.track_head.embed_head, in_channels=64, fc_out_channels=256),
    ),
    tracker=_base_.tracker,
)
del rois
