_base_ = ["./by_heart.py", "./davis_layout.py"]

# the same in the folders of DAVIS: DATA_ROOT names a folder with ImageSets/2017/train.txt, JPEGImages/480p and
# Annotations_unsupervised/480p
data_root = "{{$DATA_ROOT:data/DAVIS/}}"
videos = dict(_base_.davis, data_root=data_root, ann_file="ImageSets/2017/train.txt")
train_dataloader = dict(dataset=dict(videos, clips=dict(clip_len=2, num_clips=1)))
val_dataloader = dict(dataset=videos)
test_dataloader = val_dataloader
val_evaluator = dict(type="DAVISMetric")
test_evaluator = val_evaluator
del videos
