_base_ = "./masktrack-rcnn_r50_ytvis2019.py"

# for benchmarks with random weights: at most 10 detections in a frame, about as many as a trained model has
model = dict(detector=dict(test_cfg=dict(rcnn=dict(max_per_img=10))))
