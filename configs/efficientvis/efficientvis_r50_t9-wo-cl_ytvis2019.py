_base_ = "./efficientvis_r50_t9_ytvis2019.py"

# samples of one clip: no correspondence learning; twice from
# each video and two in a batch: as many clips and steps as with correspondence learning
train_dataloader = dict(batch_size=2, sampler=dict(repeat=2), dataset=dict(clips=dict(num_clips=1)))
auto_scale_lr = dict(base_batch_size=8)
