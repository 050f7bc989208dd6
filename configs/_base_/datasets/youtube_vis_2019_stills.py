_base_ = "./youtube_vis_2019_coco.py"

# half of the samples are frames of the videos, half are made of an image of COCO or Pascal VOC
train_dataloader = dict(
    dataset=dict(
        ratio=dict(videos=2, images=1, voc=1),
        datasets=dict(
            voc=dict(
                _base_.stills.voc,
                class_map="voc_to_youtube_vis_2019",
                pipeline=_base_.train_dataloader.dataset.datasets.images.pipeline,
            ),
        ),
    ),
)
