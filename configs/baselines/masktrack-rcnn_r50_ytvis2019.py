_base_ = [
    "../_base_/models/masktrack_rcnn_r50.py",
    "../_base_/datasets/youtube_vis_2019.py",
    "../_base_/datasets/frame_pairs.py",
    "../_base_/schedules/sgd_12e.py",
    "../_base_/default_runtime.py",
]

# about as many pairs as mmdet draws in an epoch: one for every frame of the videos
train_dataloader = dict(sampler=dict(repeat=27), dataset=_base_.frame_pairs)
