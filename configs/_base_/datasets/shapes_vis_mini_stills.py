_base_ = "./shapes_vis_mini.py"

# as many samples made of single images, each frame of which moves on its own, as of videos; all in changed colours:
# tools/dataset_converters/shapes_vis.py --preset mini --layouts youtube_vis coco
load, pack = _base_.train_pipeline
load = dict(load, transforms=[*load.transforms, dict(type="mmdet.PhotoMetricDistortion")])
videos = dict(_base_.train_dataloader.dataset, pipeline=[load, pack])
train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type="MixedDataset",
        clips=dict(type="ClipSample", clip_len=2),
        ratio=dict(videos=1, images=1),
        datasets=dict(
            videos=videos,
            images=dict(_base_.images, pipeline=[load, dict(type="PseudoMotion"), pack]),
        ),
    ),
)
