_base_ = "./efficientvis_r50_t18_ytvis2019.py"

model = dict(linker=dict(type="ClipLinker"))
train_dataloader = dict(dataset=dict(clips=dict(num_clips=1)))
