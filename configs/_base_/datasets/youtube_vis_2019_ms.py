_base_ = "./youtube_vis_2019.py"

# multi-scale training: one short side per clip, as the detectron2 systems train
train_pipeline = [
    dict(
        type="TransformBroadcaster",
        share_random_params=True,
        transforms=[
            dict(type="LoadFrame"),
            dict(type="mmdet.LoadTrackAnnotations", with_mask=True),
            dict(
                type="mmdet.RandomChoiceResize",
                scales=[(768, short) for short in (288, 320, 352, 384, 416, 448, 480, 512)],
                keep_ratio=True,
                resize_type="mmdet.Resize",  # mmcv's own leaves masks as they are
            ),
        ],
    ),
    dict(type="PackClip"),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
