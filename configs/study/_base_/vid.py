_base_ = "../../_base_/datasets/shapes_vis_mini_vid.py"

# the same videos in the folders of ImageNet VID, with boxes and without masks; three neighbouring frames of each
data_root = "{{$STUDY_DATA:data/shapes_vis/claims}}/imagenet_vid/"
train_dataloader = dict(
    batch_size=4,
    sampler=dict(endless=True),
    dataset=dict(data_root=data_root, clips=dict(clip_len=3, num_clips=1)),
)
val_dataloader = dict(dataset=dict(data_root=data_root))
test_dataloader = val_dataloader
