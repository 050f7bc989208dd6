_base_ = [
    "../_base_/models/efficientvis_small.py",
    "../_base_/datasets/shapes_vis_mini_pasted.py",
    "../_base_/schedules/small_clips_9e.py",
    "../_base_/default_runtime.py",
]

# the second stage, from the weights of efficientvis_small_shapesvis-mini-stills: samples of two clips for
# correspondence learning; at test longer clips, so that tracks have fewer seams
model = dict(clip_len=6)
train_dataloader = dict(sampler=dict(repeat=2))
