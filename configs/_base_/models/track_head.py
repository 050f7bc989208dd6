# tracking head and tracker of MaskTrack R-CNN, with the values of mmdet's config
track_head = dict(
    type="RoITrackHead",
    roi_extractor=dict(
        type="SingleRoIExtractor",
        roi_layer=dict(type="RoIAlign", output_size=7, sampling_ratio=0),
        out_channels=256,
        featmap_strides=[4, 8, 16, 32],
    ),
    embed_head=dict(type="RoIEmbedHead", num_fcs=2, roi_feat_size=7, in_channels=256, fc_out_channels=1024),
    train_cfg=dict(
        assigner=dict(type="MaxIoUAssigner", pos_iou_thr=0.5, neg_iou_thr=0.5, min_pos_iou=0.5, match_low_quality=True),
        sampler=dict(type="RandomSampler", num=128, pos_fraction=0.25, add_gt_as_proposals=True),
    ),
)
tracker = dict(
    type="MaskTrackRCNNTracker", match_weights=dict(det_score=1.0, iou=2.0, det_label=10.0), num_frames_retain=20
)
