# samples of three frames for InsPro, drawn from anywhere in a video; the frames of a sample have the same size and flip
multi_scale = dict(
    type="mmdet.RandomChoiceResize",
    scales=[(1333, short) for short in (288, 320, 352, 384, 416, 448, 480, 512)],
    keep_ratio=True,
    resize_type="mmdet.Resize",  # the default, mmcv's Resize, does not resize masks
)
three_frames = dict(
    clips=dict(type="ClipSample", clip_len=3, scattered=True),
    pipeline=[
        dict(
            type="TransformBroadcaster",
            share_random_params=True,
            transforms=[
                dict(type="LoadFrame"),
                dict(type="mmdet.LoadTrackAnnotations", with_mask=True),
                multi_scale,
                dict(type="mmdet.RandomFlip", prob=0.5),
            ],
        ),
        dict(type="PackClip"),
    ],
)
