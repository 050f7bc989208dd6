_base_ = [
    "../_base_/models/salient_object_small.py",
    "../_base_/datasets/shapes_vis_mini_davis_stills.py",
    "../_base_/schedules/small_20e.py",
    "../_base_/default_runtime.py",
]

train_dataloader = dict(batch_size=8, sampler=dict(repeat=4))
