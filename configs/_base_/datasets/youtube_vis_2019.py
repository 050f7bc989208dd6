data_root = "data/youtube_vis_2019/"
coco_class_map = "coco_to_youtube_vis_2019"  # which class is which, where a model starts from COCO or sees its images

train_dataloader = dict(
    batch_size=1,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type="VideoDrawSampler"),
    dataset=dict(
        type="YouTubeVISDataset",
        data_root=data_root,
        ann_file="train.json",
        data_prefix=dict(img_path="train/JPEGImages"),
        filter_cfg=dict(filter_empty_gt=True, min_size=32),
        clips=dict(type="ClipSample", clip_len=36),
        pipeline=[
            dict(
                type="TransformBroadcaster",
                share_random_params=True,
                transforms=[
                    dict(type="LoadFrame"),
                    dict(type="mmdet.LoadTrackAnnotations", with_mask=True),
                    dict(type="mmdet.Resize", scale=(640, 360), keep_ratio=True),
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
        ann_file="valid.json",
        data_prefix=dict(img_path="valid/JPEGImages"),
        test_mode=True,
        pipeline=[
            dict(
                type="TransformBroadcaster",
                transforms=[dict(type="LoadFrame"), dict(type="mmdet.Resize", scale=(640, 360), keep_ratio=True)],
            ),
            dict(type="PackClip"),
        ],
    ),
)
test_dataloader = val_dataloader
val_evaluator = dict(type="YouTubeVISMetric")
test_evaluator = val_evaluator
