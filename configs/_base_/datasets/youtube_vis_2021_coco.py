_base_ = "./youtube_vis_2021_3frames.py"

# as many images of COCO as videos; the classes are those of the videos
train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type="MixedDataset",
        clips=_base_.clips,
        ratio=dict(videos=1, images=1),
        datasets=dict(
            videos=_base_.train_dataloader.dataset,
            images=dict(_base_.coco_images, class_map="coco_to_youtube_vis_2021"),
        ),
    )
)
