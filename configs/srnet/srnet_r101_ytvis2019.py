_base_ = [
    "../_base_/models/srnet_r101.py",
    "../_base_/datasets/youtube_vis_2019_stills.py",
    "../_base_/schedules/sgd_160k.py",
    "../_base_/iter_runtime.py",
]

# with categories: video instance segmentation, from pairs of consecutive frames; a track has one class (Algorithm 1)
model = dict(head=dict(num_classes=40), score_reduction="length_weighted")
train_dataloader = dict(batch_size=4, dataset=dict(clips=dict(clip_len=2, scattered=False)))
val_evaluator = dict(classes_per_track=1)
test_evaluator = val_evaluator
