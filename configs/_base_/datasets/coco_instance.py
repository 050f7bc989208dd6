_base_ = "./youtube_vis_2019.py"

# single images: samples and videos of one frame
data_root = "data/coco/"
train_pipeline = [
    dict(
        type="TransformBroadcaster",
        share_random_params=True,
        transforms=[
            dict(type="LoadFrame"),
            dict(type="mmdet.LoadTrackAnnotations", with_mask=True),
            dict(
                type="mmdet.RandomChoiceResize",
                scales=[(1333, short) for short in range(480, 801, 32)],
                keep_ratio=True,
                resize_type="mmdet.Resize",  # mmcv's own leaves masks as they are
            ),
            dict(type="mmdet.RandomFlip", prob=0.5),
        ],
    ),
    dict(type="PackClip"),
]
test_pipeline = [
    dict(
        type="TransformBroadcaster",
        transforms=[dict(type="LoadFrame"), dict(type="mmdet.Resize", scale=(1333, 800), keep_ratio=True)],
    ),
    dict(type="PackClip"),
]
train_dataloader = dict(
    dataset=dict(
        type="ImagePseudoVideoDataset",
        data_root=data_root,
        ann_file="annotations/instances_train2017.json",
        data_prefix=dict(img_path="train2017"),
        clips=dict(clip_len=1),
        pipeline=train_pipeline,
    )
)
val_dataloader = dict(
    dataset=dict(
        type="ImagePseudoVideoDataset",
        data_root=data_root,
        ann_file="annotations/instances_val2017.json",
        data_prefix=dict(img_path="val2017"),
        pipeline=test_pipeline,
    )
)
test_dataloader = val_dataloader
# COCO's measure: its area ranges, and its rule for crowds
val_evaluator = dict(area_ranges=((0, 1e10), (0, 32**2), (32**2, 96**2), (96**2, 1e10)), crowd_shares=True)
test_evaluator = val_evaluator
