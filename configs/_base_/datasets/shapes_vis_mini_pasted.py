_base_ = "./shapes_vis_mini.py"

# half of the samples show one or two tracks of another video as well
load, pack = _base_.train_dataloader.dataset.pipeline
paste = dict(type="CopyPasteTracks", prob=0.5, most=2, transforms=load.transforms)
train_dataloader = dict(dataset=dict(pipeline=[paste, pack]))
del load, paste, pack
