_base_ = "./youtube_vis_2019.py"

# pairs of consecutive frames; objects have no classes
data_root = "data/DAVIS/"
data_prefix = dict(img_path="JPEGImages/480p", ann_path="Annotations_unsupervised/480p")
train_dataloader = dict(
    dataset=dict(
        type="DAVISUnsupervisedDataset",
        data_root=data_root,
        ann_file="ImageSets/2017/train.txt",
        data_prefix=data_prefix,
        clips=dict(type="ClipSample", clip_len=2),
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
