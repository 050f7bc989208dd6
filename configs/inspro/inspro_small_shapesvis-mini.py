_base_ = [
    "../_base_/models/inspro_small.py",
    "../_base_/datasets/shapes_vis_mini_pasted.py",
    "../_base_/schedules/small_clips_18e.py",
    "../_base_/default_runtime.py",
]

# the second stage, from the weights of inspro_small_shapesvis-mini-stills: three neighbouring frames of a video
model = dict(head=dict(initial_boxes="grid"))
train_dataloader = dict(batch_size=4, sampler=dict(repeat=4), dataset=dict(clips=dict(clip_len=3, num_clips=1)))
