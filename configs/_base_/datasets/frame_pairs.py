# what the data sets of frame pairs share (mmdet's baselines): two scattered frames at 640x360, one flip per pair
frame_pairs = dict(
    clips=dict(type="ClipSample", clip_len=2, scattered=True),
    pipeline=[
        dict(
            type="TransformBroadcaster",
            share_random_params=True,
            transforms=[
                dict(type="LoadFrame"),
                dict(type="mmdet.LoadTrackAnnotations", with_mask=True),
                dict(type="mmdet.Resize", scale=(640, 360), keep_ratio=True),
                dict(type="mmdet.RandomFlip", prob=0.5),
            ],
        ),
        dict(type="PackClip"),
    ],
)
