_base_ = "../../_base_/datasets/shapes_vis_mini.py"

# ShapesVIS study at the frame size of mini, so that the small models fit it; mmvis study sets STUDY_DATA
data_root = "{{$STUDY_DATA:data/shapes_vis/study}}/youtube_vis/"
train_dataloader = dict(sampler=dict(endless=True), dataset=dict(data_root=data_root))
val_dataloader = dict(dataset=dict(data_root=data_root))
test_dataloader = val_dataloader
