_base_ = ["./davis_2016.py", "./stills.py"]

# images of COCO alone, which are moved differently for each frame and whose objects all have the class "object", to
# begin with; validated on DAVIS 2016
train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        **_base_.stills.coco,
        class_map="object",
        clips=_base_.train_dataloader.dataset.clips,
        pipeline=[
            _base_.train_dataloader.dataset.pipeline[0],
            dict(type="PseudoMotion"),
            _base_.train_dataloader.dataset.pipeline[1],
        ],
    ),
)
