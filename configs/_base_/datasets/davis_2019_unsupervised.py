_base_ = ["./youtube_vis_2019.py", "./davis_layout.py"]

# trained on pairs of consecutive frames
data_root = "data/DAVIS/"
coco_class_map = None
train_dataloader = dict(
    dataset=dict(_base_.davis, data_root=data_root, ann_file="ImageSets/2017/train.txt", clips=dict(clip_len=2))
)
val_dataloader = dict(dataset=dict(_base_.davis, data_root=data_root, ann_file="ImageSets/2017/val.txt"))
test_dataloader = val_dataloader
val_evaluator = dict(type="DAVISMetric")
test_evaluator = val_evaluator
