_base_ = "./youtube_vis_2021.py"

# the training videos of 2021, and a validation split with long videos
data_root = "data/youtube_vis_2022/"

train_dataloader = dict(dataset=dict(data_root=data_root))
val_dataloader = dict(dataset=dict(data_root=data_root))
test_dataloader = val_dataloader

# short and long videos are judged apart, where the annotations of the validation split are there
val_evaluator = dict(type="YouTubeVISMetric", long_videos=data_root + "gt_long.json")
test_evaluator = val_evaluator
