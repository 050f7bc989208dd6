_base_ = "./shapes_vis_mini_davis.py"

# as many pairs made of single images, each frame of which moves on its own, as pairs of videos:
# tools/dataset_converters/shapes_vis.py --preset mini --layouts youtube_vis davis coco
videos = _base_.train_dataloader.dataset
train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type="MixedDataset",
        clips=videos.clips,
        ratio=dict(videos=1, images=1),
        datasets=dict(
            videos=videos,
            images=dict(
                _base_.images,
                class_map="object",
                pipeline=[videos.pipeline[0], dict(type="PseudoMotion"), videos.pipeline[1]],
            ),
        ),
    ),
)
