_base_ = ["./youtube_vis_2019.py", "./stills.py"]

# single images as videos of one frame
data_root = "data/coco/"
coco_class_map = None
load, pack = _base_.train_dataloader.dataset.pipeline
multi_scale = dict(
    type="mmdet.RandomChoiceResize",
    scales=[(1333, short) for short in range(480, 801, 32)],
    keep_ratio=True,
    resize_type="mmdet.Resize",  # the default, mmcv's Resize, does not resize masks
)
flip = dict(type="mmdet.RandomFlip", prob=0.5)
train_dataloader = dict(
    batch_size=2,
    dataset=dict(
        _base_.stills.coco,
        clips=dict(clip_len=1),
        pipeline=[dict(load, transforms=[*load.transforms[:2], multi_scale, flip]), pack],
    ),
)
val_dataloader = dict(
    dataset=dict(
        type="ImagePseudoVideoDataset",
        data_root=data_root,
        ann_file="annotations/instances_val2017.json",
        data_prefix=dict(img_path="val2017"),
        pipeline=[
            dict(
                type="TransformBroadcaster",
                transforms=[dict(type="LoadFrame"), dict(type="mmdet.Resize", scale=(1333, 800), keep_ratio=True)],
            ),
            pack,
        ],
    )
)
test_dataloader = val_dataloader
# as COCO measures: its ranges of object areas, and its rule for overlap with a crowd
val_evaluator = dict(area_ranges=((0, 1e10), (0, 32**2), (32**2, 96**2), (96**2, 1e10)), crowd_shares=True)
test_evaluator = val_evaluator
del load, pack, multi_scale, flip
