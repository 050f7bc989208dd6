_base_ = ["./shapes_vis_mini.py", "./stills.py"]

# half of the samples are clips of the videos, half are made of an image that is moved differently for each frame; the
# colours of all are changed at random; videos and images are written by
# tools/dataset_converters/shapes_vis.py --preset mini --layouts youtube_vis coco
load, pack = _base_.train_dataloader.dataset.pipeline
load = dict(load, transforms=[*load.transforms, dict(type="mmdet.PhotoMetricDistortion")])
train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type="MixedDataset",
        clips=dict(type="ClipSample", clip_len=2),
        ratio=dict(videos=1, images=1),
        datasets=dict(
            videos=dict(_base_.train_dataloader.dataset, pipeline=[load, pack]),
            images=dict(_base_.stills.shapes, pipeline=[load, dict(type="PseudoMotion"), pack]),
        ),
    ),
)
del load, pack
