_base_ = "./srnet_small_shapesvis-mini-davis.py"

# videos alone, as many pairs
videos = _base_.train_dataloader.dataset.datasets.videos
train_dataloader = dict(sampler=dict(repeat=8), dataset=dict(videos, _delete_=True))
