_base_ = "./shapes_vis_mini.py"

# the same videos in the folders of ImageNet VID, with boxes and without masks; they are written by
# tools/dataset_converters/shapes_vis.py --preset mini --layouts youtube_vis imagenet_vid
data_root = "data/shapes_vis/mini/imagenet_vid/"
metainfo = dict(
    classes=("disc", "square", "triangle", "star", "cross"),
    wnids=("n00000002", "n00000005", "n00000007", "n00000011", "n00000013"),
)
load, pack = _base_.train_dataloader.dataset.pipeline
boxes = [dict(type="LoadFrame"), dict(type="mmdet.LoadTrackAnnotations")]
train_dataloader = dict(
    dataset=dict(
        type="ImageNetVIDDataset",
        data_root=data_root,
        ann_file="ImageSets/VID/train.txt",
        data_prefix=dict(img_path="Data/VID/train", ann_path="Annotations/VID/train"),
        metainfo=metainfo,
        pipeline=[dict(load, transforms=[*boxes, *load.transforms[2:]]), pack],
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
del metainfo, load, pack, boxes
