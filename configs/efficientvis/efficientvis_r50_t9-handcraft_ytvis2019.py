_base_ = "./efficientvis_r50_t9_ytvis2019.py"

# clips are linked by a hand-crafted rule and not by their queries, so there is no correspondence learning
model = dict(linker=dict(type="ClipLinker"))
train_dataloader = dict(dataset=dict(clips=dict(num_clips=1)))
