_base_ = "./shapes_vis_mini.py"

# the same videos in ImageNet VID's layout, boxes alone:
# tools/dataset_converters/shapes_vis.py --preset mini --layouts youtube_vis imagenet_vid
data_root = "data/shapes_vis/mini/imagenet_vid/"
metainfo = dict(
    classes=("disc", "square", "triangle", "star", "cross"),
    wnids=("n00000002", "n00000005", "n00000007", "n00000011", "n00000013"),
)
train_pipeline = [
    dict(
        type="TransformBroadcaster",
        share_random_params=True,
        transforms=[
            dict(type="LoadFrame"),
            dict(type="mmdet.LoadTrackAnnotations"),
            dict(type="mmdet.Resize", scale=_base_.size, keep_ratio=True),
            dict(type="mmdet.RandomFlip", prob=[0.25, 0.25], direction=["horizontal", "vertical"]),
        ],
    ),
    dict(type="PackClip"),
]
train_dataloader = dict(
    dataset=dict(
        type="ImageNetVIDDataset",
        data_root=data_root,
        ann_file="ImageSets/VID/train.txt",
        data_prefix=dict(img_path="Data/VID/train", ann_path="Annotations/VID/train"),
        metainfo=metainfo,
        pipeline=train_pipeline,
    )
)
val_dataloader = dict(
    dataset=dict(
        type="ImageNetVIDDataset",
        data_root=data_root,
        ann_file="ImageSets/VID/val.txt",
        data_prefix=dict(img_path="Data/VID/val", ann_path="Annotations/VID/val"),
        metainfo=metainfo,
    )
)
test_dataloader = val_dataloader
val_evaluator = dict(iou_types=("bbox",))
test_evaluator = val_evaluator
