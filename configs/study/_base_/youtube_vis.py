_base_ = "../../_base_/datasets/shapes_vis_mini.py"

# ShapesVIS claims; mmvis study sets STUDY_DATA
data_root = "{{$STUDY_DATA:data/shapes_vis/claims}}/youtube_vis/"
train_dataloader = dict(sampler=dict(endless=True), dataset=dict(data_root=data_root))
val_dataloader = dict(dataset=dict(data_root=data_root))
test_dataloader = val_dataloader
