_base_ = [
    "../_base_/models/srnet_r101.py",
    "../_base_/datasets/davis_2019_unsupervised.py",
    "../_base_/schedules/sgd_160k.py",
    "../_base_/iter_runtime.py",
]

# no pairs made of images
train_dataloader = dict(batch_size=4, sampler=dict(endless=True))
