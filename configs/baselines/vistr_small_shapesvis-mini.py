_base_ = [
    "../_base_/models/vistr_small.py",
    "../_base_/datasets/shapes_vis_mini.py",
    "../_base_/schedules/vistr_small_10e.py",
    "../_base_/default_runtime.py",
]

train_dataloader = dict(batch_size=4, sampler=dict(repeat=8), dataset=dict(clips=dict(num_clips=1)))
