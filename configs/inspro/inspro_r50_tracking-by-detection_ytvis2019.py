_base_ = ["./inspro_r50_plain_ytvis2019.py", "../_base_/models/track_head.py"]

# nothing goes from frame to frame; detections are linked as MaskTrack R-CNN links them
model = dict(
    type="InsProByDetection",
    consistent=False,
    head=dict(propagate="none"),
    track_head=dict(
        _base_.track_head, roi_extractor=dict(_base_.track_head.roi_extractor, type="mmvis_ext.StaticRoIExtractor")
    ),
    tracker=_base_.tracker,
)
