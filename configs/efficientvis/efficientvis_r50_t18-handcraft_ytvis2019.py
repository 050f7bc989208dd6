_base_ = "./efficientvis_r50_t18_ytvis2019.py"

# clips are linked by a hand-crafted rule and not by their queries, so there is no correspondence learning; samples of
# one clip, twice from each video and two in a batch: as many clips and steps as with it
model = dict(linker=dict(type="ClipLinker"))
train_dataloader = dict(batch_size=2, sampler=dict(repeat=2), dataset=dict(clips=dict(num_clips=1)))
auto_scale_lr = dict(base_batch_size=8)
