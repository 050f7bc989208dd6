_base_ = "./davis_2019_unsupervised.py"

# pairs of consecutive frames, and as many pairs made of the images of COCO and Pascal VOC, each frame of which moves on
# its own; one class, "object". For schedules that count iterations
videos = _base_.train_dataloader.dataset
stills = dict(
    class_map="object",
    filter_cfg=dict(filter_empty_gt=True, min_size=32),
    pipeline=[videos.pipeline[0], dict(type="PseudoMotion"), videos.pipeline[1]],
)
train_dataloader = dict(
    sampler=dict(endless=True),
    dataset=dict(
        _delete_=True,
        type="MixedDataset",
        clips=videos.clips,
        ratio=dict(videos=2, coco=1, voc=1),
        datasets=dict(
            videos=videos,
            coco=dict(
                stills,
                type="ImagePseudoVideoDataset",
                data_root="data/coco/",
                ann_file="annotations/instances_train2017.json",
                data_prefix=dict(img_path="train2017"),
            ),
            voc=dict(
                stills,
                type="VOCPseudoVideoDataset",
                data_root="data/VOCdevkit/VOC2012/",
                ann_file="ImageSets/Segmentation/trainval.txt",
            ),
        ),
    ),
)
