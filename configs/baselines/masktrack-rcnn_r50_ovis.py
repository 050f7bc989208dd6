_base_ = [
    "../_base_/models/masktrack_rcnn_r50.py",
    "../_base_/datasets/ovis.py",
    "../_base_/datasets/frame_pairs.py",
    "../_base_/schedules/sgd_12e.py",
    "../_base_/default_runtime.py",
]

model = dict(detector=dict(roi_head=dict(bbox_head=dict(num_classes=25), mask_head=dict(num_classes=25))))
# about as many pairs as mmdet draws in an epoch: one for every frame of the videos
train_dataloader = dict(sampler=dict(repeat=27), dataset=_base_.frame_pairs)
