_base_ = ["./inspro_r50_no-propagation_ytvis2019.py", "../_base_/models/track_head.py"]

# detections are linked as MaskTrack R-CNN links them
model = dict(
    type="InsProByDetection",
    track_head=dict(
        _base_.track_head, roi_extractor=dict(_base_.track_head.roi_extractor, type="mmvis_ext.StaticRoIExtractor")
    ),
    tracker=_base_.tracker,
)
