_base_ = "./youtube_vis_2019.py"

data_root = "data/shapes_vis/mini/youtube_vis/"
size = (128, 96)

train_pipeline = [
    dict(
        type="TransformBroadcaster",
        share_random_params=True,
        transforms=[
            dict(type="LoadFrame"),
            dict(type="mmdet.LoadTrackAnnotations", with_mask=True),
            dict(type="mmdet.Resize", scale=size, keep_ratio=True),
            dict(type="mmdet.RandomFlip", prob=[0.25, 0.25], direction=["horizontal", "vertical"]),
        ],
    ),
    dict(type="PackClip"),
]
test_pipeline = [
    dict(
        type="TransformBroadcaster",
        transforms=[dict(type="LoadFrame"), dict(type="mmdet.Resize", scale=size, keep_ratio=True)],
    ),
    dict(type="PackClip"),
]
# single images of more scenes, for sets that are mixed: needs the layout coco
images = dict(
    type="ImagePseudoVideoDataset",
    data_root="data/shapes_vis/mini/coco/",
    ann_file="train.json",
    data_prefix=dict(img_path="train"),
    filter_cfg=dict(filter_empty_gt=True, min_size=8),
)
train_dataloader = dict(
    batch_size=2,
    dataset=dict(
        data_root=data_root,
        clips=dict(clip_len=4, num_clips=2),
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    dataset=dict(
        data_root=data_root, ann_file="val.json", data_prefix=dict(img_path="val/JPEGImages"), pipeline=test_pipeline
    )
)
test_dataloader = val_dataloader
