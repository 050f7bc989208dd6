_base_ = [
    "../_base_/models/efficientvis_small.py",
    "../_base_/datasets/shapes_vis_mini_pasted.py",
    "../_base_/schedules/small_stills_15e.py",
    "../_base_/default_runtime.py",
]

# the first of two stages: single frames of many videos. The paper's models start from weights learned on COCO instead
train_dataloader = dict(batch_size=8, sampler=dict(repeat=8), dataset=dict(clips=dict(clip_len=1, num_clips=1)))
