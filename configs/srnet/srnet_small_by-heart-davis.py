_base_ = [
    "../_base_/models/srnet_small.py",
    "../_base_/datasets/by_heart_davis.py",
    "../_base_/schedules/small_4e.py",
    "../_base_/default_runtime.py",
]

# as srnet_small_by-heart, with objects without classes; DATA_ROOT has the folders of DAVIS
train_dataloader = dict(batch_size=2, sampler=dict(repeat=400))
