_base_ = "./davis_2016_stills.py"

# of each image the largest group of people, animals and vehicles that touch is the one object, as in DAVIS 2016
images = _base_.train_dataloader.dataset.datasets.images
train_dataloader = dict(
    dataset=dict(
        ratio=dict(videos=2, images=1),
        datasets=dict(
            images=dict(
                class_map="coco_moving",
                metainfo=dict(classes=("object",)),
                pipeline=[
                    images.pipeline[0],
                    dict(type="TransformBroadcaster", transforms=[dict(type="JoinTouching", keep=1)]),
                    *images.pipeline[1:],
                ],
            )
        ),
    ),
)
del images
