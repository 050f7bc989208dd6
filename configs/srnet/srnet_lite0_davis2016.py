_base_ = [
    "../_base_/models/srnet_lite0.py",
    "../_base_/datasets/davis_2016.py",
    "../_base_/schedules/light_16e.py",
    "../_base_/ema_runtime.py",
]

# the videos alone, from the backbone's weights of ImageNet
train_dataloader = dict(sampler=dict(repeat=20))
