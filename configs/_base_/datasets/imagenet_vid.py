_base_ = ["./youtube_vis_2019.py", "./three_frames.py"]

# boxes without masks; half of the samples are three frames of a video of VID, half are three copies of an image of DET
# that shows a class of VID
data_root = "data/imagenet/"
coco_class_map = "coco_to_imagenet_vid"
load, pack = _base_.three_frames.pipeline
boxes = [dict(type="LoadFrame"), dict(type="mmdet.LoadTrackAnnotations")]
videos = dict(
    type="ImageNetVIDDataset",
    data_root=data_root,
    ann_file="ImageSets/VID/train_*.txt",
    data_prefix=dict(img_path="Data/VID/train", ann_path="Annotations/VID/train"),
    filter_cfg=dict(filter_empty_gt=True, min_size=32),
    pipeline=[dict(load, transforms=[*boxes, *load.transforms[2:]]), pack],
)
images = dict(
    videos,
    type="ImageNetDETDataset",
    ann_file="ImageSets/DET/train_*.txt",
    data_prefix=dict(img_path="Data/DET/train", ann_path="Annotations/DET/train"),
)
train_dataloader = dict(
    sampler=dict(endless=True),
    dataset=dict(
        _delete_=True,
        type="MixedDataset",
        clips=_base_.three_frames.clips,
        ratio=dict(videos=1, images=1),
        datasets=dict(videos=videos, images=images),
    ),
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
del load, pack, boxes, videos, images
