_base_ = "./efficientvis_r50_t9_ytvis2019.py"

# samples of one clip: no correspondence learning
train_dataloader = dict(dataset=dict(clips=dict(num_clips=1)))
