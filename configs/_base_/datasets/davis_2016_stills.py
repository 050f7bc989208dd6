_base_ = ["./davis_2016.py", "./stills.py"]

# DAVIS 2016, and as many samples of single images of COCO, which are moved differently for each frame; all objects
# have the class "object"
load, pack = _base_.train_dataloader.dataset.pipeline
train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type="MixedDataset",
        clips=_base_.train_dataloader.dataset.clips,
        ratio=dict(videos=1, images=1),
        datasets=dict(
            videos=_base_.train_dataloader.dataset,
            images=dict(_base_.stills.coco, class_map="object", pipeline=[load, dict(type="PseudoMotion"), pack]),
        ),
    ),
)
del load, pack
