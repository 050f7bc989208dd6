_base_ = "./efficientvis_r50_t9_ytvis2019.py"

# test on one frame every five seconds
val_dataloader = dict(dataset=dict(fps=0.2))
test_dataloader = val_dataloader
