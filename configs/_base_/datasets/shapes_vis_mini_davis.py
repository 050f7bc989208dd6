_base_ = ["./shapes_vis_mini.py", "./davis_layout.py"]

# the same videos in the folders of DAVIS, trained on pairs of consecutive frames; they are written by
# tools/dataset_converters/shapes_vis.py --preset mini --layouts youtube_vis davis
data_root = "data/shapes_vis/mini/davis/"
train_dataloader = dict(
    dataset=dict(
        _base_.davis,
        data_root=data_root,
        ann_file="ImageSets/2017/train.txt",
        clips=dict(clip_len=2, num_clips=1),
    )
)
val_dataloader = dict(dataset=dict(_base_.davis, data_root=data_root, ann_file="ImageSets/2017/val.txt"))
test_dataloader = val_dataloader
val_evaluator = dict(type="DAVISMetric")
test_evaluator = val_evaluator
