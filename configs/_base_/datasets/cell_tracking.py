# a sequence of the Cell Tracking Challenge: the first 60 frames to train, in pairs of consecutive ones, and the last 32
# to validate; the training loader is for two processes. For other sequences change data_root, the border (the challenge
# calls it E) and the frames
data_root = "data/ctc/Fluo-N2DH-GOWT1/"
cells = dict(type="CellTrackingDataset", data_root=data_root, sequences=("01",), border=50)
resize = dict(type="mmdet.Resize", scale=(256, 256), keep_ratio=True)

train_dataloader = dict(
    batch_size=2,
    num_workers=1,
    persistent_workers=True,
    sampler=dict(type="VideoDrawSampler", repeat=320),
    dataset=dict(
        **cells,
        frames=(0, 60),
        filter_cfg=dict(filter_empty_gt=True),
        clips=dict(type="ClipSample", clip_len=2),
        pipeline=[
            dict(
                type="TransformBroadcaster",
                share_random_params=True,
                transforms=[
                    dict(type="LoadFrame"),
                    dict(type="mmdet.LoadTrackAnnotations", with_mask=True),
                    resize,
                    dict(type="mmdet.RandomFlip", prob=[0.25, 0.25], direction=["horizontal", "vertical"]),
                ],
            ),
            dict(type="PackClip"),
        ],
    ),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=1,
    persistent_workers=True,
    sampler=dict(type="VideoClipSampler"),
    dataset=dict(
        **cells,
        frames=(60, 92),
        test_mode=True,
        pipeline=[
            dict(type="TransformBroadcaster", transforms=[dict(type="LoadFrame"), resize]),
            dict(type="PackClip"),
        ],
    ),
)
test_dataloader = val_dataloader
val_evaluator = dict(type="CellTrackingMetric", min_score=0.3)
test_evaluator = val_evaluator
del cells, resize
