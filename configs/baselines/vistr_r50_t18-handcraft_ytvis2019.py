_base_ = "./vistr_r50_ytvis2019.py"

# clips of half of the length, linked by a hand-crafted rule
model = dict(clip_len=18, linker=dict(type="ClipLinker"))
train_dataloader = dict(dataset=dict(clips=dict(clip_len=18)))
