_base_ = ["./davis_2016.py", "./stills.py"]

# DAVIS 2016, and for every two samples a single image of COCO, which is moved differently for each frame; of each image
# the largest group of people, animals and vehicles that touch is the one object, as in DAVIS 2016
load, pack = _base_.train_dataloader.dataset.pipeline
join = dict(type="TransformBroadcaster", transforms=[dict(type="JoinTouching", keep=1)])
train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type="MixedDataset",
        clips=_base_.train_dataloader.dataset.clips,
        ratio=dict(videos=2, images=1),
        datasets=dict(
            videos=_base_.train_dataloader.dataset,
            images=dict(
                _base_.stills.coco,
                class_map="coco_moving",
                metainfo=dict(classes=("object",)),
                pipeline=[load, join, dict(type="PseudoMotion"), pack],
            ),
        ),
    ),
)
del load, join, pack
