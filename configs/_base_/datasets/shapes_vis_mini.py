# ShapesVIS, the videos that this project draws itself; the training loader is for two processes on two CPU cores
data_root = "data/shapes_vis/mini/youtube_vis/"

train_dataloader = dict(
    batch_size=2,
    num_workers=1,
    persistent_workers=True,
    sampler=dict(type="VideoDrawSampler"),
    dataset=dict(
        type="YouTubeVISDataset",
        data_root=data_root,
        ann_file="train.json",
        data_prefix=dict(img_path="train/JPEGImages"),
        filter_cfg=dict(filter_empty_gt=True, min_size=32),
        clips=dict(type="ClipSample", clip_len=4, num_clips=2),
        pipeline=[
            dict(
                type="TransformBroadcaster",
                share_random_params=True,
                transforms=[
                    dict(type="LoadFrame"),
                    dict(type="mmdet.LoadTrackAnnotations", with_mask=True),
                    dict(type="mmdet.Resize", scale=(128, 96), keep_ratio=True),
                    dict(type="mmdet.RandomFlip", prob=[0.25, 0.25], direction=["horizontal", "vertical"]),
                ],
            ),
            dict(type="PackClip"),
        ],
    ),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type="VideoClipSampler"),
    dataset=dict(
        type="YouTubeVISDataset",
        data_root=data_root,
        ann_file="val.json",
        data_prefix=dict(img_path="val/JPEGImages"),
        test_mode=True,
        pipeline=[
            dict(
                type="TransformBroadcaster",
                transforms=[dict(type="LoadFrame"), dict(type="mmdet.Resize", scale=(128, 96), keep_ratio=True)],
            ),
            dict(type="PackClip"),
        ],
    ),
)
test_dataloader = val_dataloader
val_evaluator = dict(type="YouTubeVISMetric")
test_evaluator = val_evaluator
