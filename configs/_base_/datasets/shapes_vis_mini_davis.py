_base_ = "./shapes_vis_mini.py"

# the same videos in DAVIS' layout, without classes; pairs of consecutive frames:
# tools/dataset_converters/shapes_vis.py --preset mini --layouts youtube_vis davis
data_root = "data/shapes_vis/mini/davis/"
data_prefix = dict(img_path="JPEGImages/480p", ann_path="Annotations_unsupervised/480p")
train_dataloader = dict(
    dataset=dict(
        type="DAVISUnsupervisedDataset",
        data_root=data_root,
        ann_file="ImageSets/2017/train.txt",
        data_prefix=data_prefix,
        clips=dict(clip_len=2, num_clips=1),
    ),
)
val_dataloader = dict(
    dataset=dict(
        type="DAVISUnsupervisedDataset",
        data_root=data_root,
        ann_file="ImageSets/2017/val.txt",
        data_prefix=data_prefix,
    ),
)
test_dataloader = val_dataloader
val_evaluator = dict(type="DAVISMetric")
test_evaluator = val_evaluator
