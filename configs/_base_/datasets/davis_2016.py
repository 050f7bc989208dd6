_base_ = ["./real_small.py"]

# DAVIS 2016 at 432x240, one object in each video: samples of two consecutive frames
data_root = "data/DAVIS-2016/"
dataset = dict(
    type="DAVIS2016Dataset",
    data_root=data_root,
    data_prefix=dict(img_path="JPEGImages/480p", ann_path="Annotations/480p"),
)
train_dataloader = dict(
    batch_size=4,
    num_workers=1,
    persistent_workers=True,
    sampler=dict(type="VideoDrawSampler"),
    dataset=dict(
        dataset,
        ann_file="ImageSets/480p/train.txt",
        clips=dict(type="ClipSample", clip_len=2),
        pipeline=[_base_.real_small.train, dict(type="PackClip")],
    ),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=1,
    persistent_workers=True,
    sampler=dict(type="VideoClipSampler"),
    dataset=dict(
        dataset,
        ann_file="ImageSets/480p/val.txt",
        test_mode=True,
        pipeline=[_base_.real_small.test, dict(type="PackClip")],
    ),
)
test_dataloader = val_dataloader
val_evaluator = [dict(type="DAVIS2016Metric"), dict(type="DAVISMetric"), dict(type="YouTubeVISMetric")]
test_evaluator = val_evaluator
del dataset
