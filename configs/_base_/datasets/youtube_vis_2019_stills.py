_base_ = "./youtube_vis_2019_coco.py"

# images of Pascal VOC too: half of the samples are made of images
images = _base_.train_dataloader.dataset.datasets.images
train_dataloader = dict(
    dataset=dict(
        ratio=dict(videos=2, images=1, voc=1),
        datasets=dict(
            voc=dict(
                type="VOCPseudoVideoDataset",
                data_root="data/VOCdevkit/VOC2012/",
                ann_file="ImageSets/Segmentation/trainval.txt",
                class_map="voc_to_youtube_vis_2019",
                filter_cfg=images.filter_cfg,
                pipeline=images.pipeline,
            ),
        ),
    ),
)
