# what the data sets of three-frame samples share (InsPro): scattered frames, one short side and one flip per sample
clips = dict(type="ClipSample", clip_len=3, scattered=True)
multi_scale = dict(
    type="mmdet.RandomChoiceResize",
    scales=[(768, short) for short in (288, 320, 352, 384, 416, 448, 480, 512)],
    keep_ratio=True,
    resize_type="mmdet.Resize",  # mmcv's own leaves masks as they are
)
flip = dict(type="mmdet.RandomFlip", prob=0.5)
three_frames = dict(
    clips=clips,
    pipeline=[
        dict(
            type="TransformBroadcaster",
            share_random_params=True,
            transforms=[
                dict(type="LoadFrame"),
                dict(type="mmdet.LoadTrackAnnotations", with_mask=True),
                multi_scale,
                flip,
            ],
        ),
        dict(type="PackClip"),
    ],
)
# COCO's images beside the videos: each frame of a sample moves on its own
coco_images = dict(
    type="ImagePseudoVideoDataset",
    data_root="data/coco/",
    ann_file="annotations/instances_train2017.json",
    data_prefix=dict(img_path="train2017"),
    filter_cfg=dict(filter_empty_gt=True, min_size=32),
    pipeline=[three_frames["pipeline"][0], dict(type="PseudoMotion"), three_frames["pipeline"][1]],
)
