_base_ = ["./youtube_vis_2019.py", "./three_frames.py", "./stills.py"]

# half of the samples are frames of the videos, half are made of an image of COCO, which is moved differently for each
# frame; the images have the classes of the videos
load, pack = _base_.three_frames.pipeline
train_dataloader = dict(
    sampler=dict(endless=True),
    dataset=dict(
        _delete_=True,
        type="MixedDataset",
        clips=_base_.three_frames.clips,
        ratio=dict(videos=1, images=1),
        datasets=dict(
            videos=dict(_base_.train_dataloader.dataset, **_base_.three_frames),
            images=dict(
                _base_.stills.coco,
                class_map=_base_.coco_class_map,
                pipeline=[load, dict(type="PseudoMotion"), pack],
            ),
        ),
    ),
)
del load, pack
