# samples of two frames for mmdet's baselines, drawn from anywhere in a video, at 640x360; both flipped or neither
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
