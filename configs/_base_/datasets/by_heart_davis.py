_base_ = "./by_heart.py"

# likewise in DAVIS' layout: DATA_ROOT has ImageSets/2017/train.txt, JPEGImages/480p and Annotations_unsupervised/480p
data_root = "{{$DATA_ROOT:data/DAVIS/}}"
videos = dict(
    type="DAVISUnsupervisedDataset",
    data_root=data_root,
    ann_file="ImageSets/2017/train.txt",
    data_prefix=dict(img_path="JPEGImages/480p", ann_path="Annotations_unsupervised/480p"),
)
train_dataloader = dict(dataset=dict(videos, clips=dict(clip_len=2, num_clips=1)))
val_dataloader = dict(dataset=videos)
test_dataloader = val_dataloader
val_evaluator = dict(type="DAVISMetric")
test_evaluator = val_evaluator
