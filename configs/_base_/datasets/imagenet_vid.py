_base_ = "./youtube_vis_2019_3frames.py"

# boxes alone; of DET, the images that show a class of VID: each stands three times in its sample
data_root = "data/imagenet/"
train_pipeline = [
    dict(
        type="TransformBroadcaster",
        share_random_params=True,
        transforms=[
            dict(type="LoadFrame"),
            dict(type="mmdet.LoadTrackAnnotations"),
            _base_.multi_scale,
            _base_.flip,
        ],
    ),
    dict(type="PackClip"),
]
videos = dict(
    type="ImageNetVIDDataset",
    data_root=data_root,
    ann_file="ImageSets/VID/train_*.txt",
    data_prefix=dict(img_path="Data/VID/train", ann_path="Annotations/VID/train"),
    filter_cfg=dict(filter_empty_gt=True, min_size=32),
    pipeline=train_pipeline,
)
images = dict(
    videos,
    type="ImageNetDETDataset",
    ann_file="ImageSets/DET/train_*.txt",
    data_prefix=dict(img_path="Data/DET/train", ann_path="Annotations/DET/train"),
)
train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type="MixedDataset",
        clips=_base_.clips,
        ratio=dict(videos=1, images=1),
        datasets=dict(videos=videos, images=images),
    )
)
val_dataloader = dict(
    dataset=dict(
        type="ImageNetVIDDataset",
        data_root=data_root,
        ann_file="ImageSets/VID/val.txt",
        data_prefix=dict(img_path="Data/VID/val", ann_path="Annotations/VID/val"),
    )
)
test_dataloader = val_dataloader
val_evaluator = dict(iou_types=("bbox",))
test_evaluator = val_evaluator
