_base_ = "./youtube_vis.py"

# InsPro learns from three frames: here neighbours, since these short trainings do not learn to follow over the jumps
# between frames from anywhere in a video
train_dataloader = dict(batch_size=4, dataset=dict(clips=dict(clip_len=3, num_clips=1)))
