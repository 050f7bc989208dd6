# single images for data sets that mix them with videos; each names its pipeline and its classes
stills = dict(
    coco=dict(
        type="ImagePseudoVideoDataset",
        data_root="data/coco/",
        ann_file="annotations/instances_train2017.json",
        data_prefix=dict(img_path="train2017"),
        filter_cfg=dict(filter_empty_gt=True, min_size=32),
    ),
    voc=dict(
        type="VOCPseudoVideoDataset",
        data_root="data/VOCdevkit/VOC2012/",
        ann_file="ImageSets/Segmentation/trainval.txt",
        filter_cfg=dict(filter_empty_gt=True, min_size=32),
    ),
    shapes=dict(
        type="ImagePseudoVideoDataset",
        data_root="data/shapes_vis/mini/coco/",
        ann_file="train.json",
        data_prefix=dict(img_path="train"),
        filter_cfg=dict(filter_empty_gt=True, min_size=8),
    ),
)
