_base_ = "../../_base_/datasets/shapes_vis_mini_vid.py"

# the same videos in the folders of ImageNet VID, with boxes and without masks
data_root = "data/shapes_vis/study/imagenet_vid/"
train_dataloader = dict(sampler=dict(endless=True), dataset=dict(data_root=data_root))
val_dataloader = dict(dataset=dict(data_root=data_root))
test_dataloader = val_dataloader
