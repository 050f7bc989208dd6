# real frames at 432x240, for light models: sizes, crops, colours and flips are drawn anew for each sample
real_small = dict(
    train=dict(
        type="TransformBroadcaster",
        share_random_params=True,
        transforms=[
            dict(type="LoadFrame"),
            dict(type="mmdet.LoadTrackAnnotations", with_mask=True),
            dict(
                type="mmdet.RandomResize",
                scale=(432, 240),
                ratio_range=(0.75, 1.75),
                keep_ratio=True,
                resize_type="mmdet.Resize",  # the default, mmcv's Resize, does not resize masks
            ),
            dict(type="mmdet.RandomCrop", crop_size=(432, 240), allow_negative_crop=True, recompute_bbox=True),
            dict(type="mmdet.RandomFlip", prob=0.5),
            dict(type="mmdet.PhotoMetricDistortion"),
        ],
    ),
    test=dict(
        type="TransformBroadcaster",
        transforms=[dict(type="LoadFrame"), dict(type="mmdet.Resize", scale=(432, 240), keep_ratio=True)],
    ),
)
