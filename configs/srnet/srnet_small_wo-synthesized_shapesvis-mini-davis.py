_base_ = "./srnet_small_shapesvis-mini-davis.py"

# no pairs made of images, but twice as many of each video, so that there are as many pairs in all
train_dataloader = dict(
    sampler=dict(repeat=8), dataset=dict(_base_.train_dataloader.dataset.datasets.videos, _delete_=True)
)
