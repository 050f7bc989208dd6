_base_ = [
    "../_base_/models/srnet_small.py",
    "../_base_/datasets/shapes_vis_mini_davis.py",
    "../_base_/schedules/small_20e.py",
    "../_base_/default_runtime.py",
]

# videos alone, as many pairs
train_dataloader = dict(batch_size=8, num_workers=1, sampler=dict(repeat=8))
