_base_ = "./efficientvis_r50_t9_ytvis2019.py"

# test at a quarter of the annotated 6 frames per second
val_dataloader = dict(dataset=dict(fps=1.5))
test_dataloader = val_dataloader
