# the folders of DAVIS, in which objects have no classes: for DAVIS itself and for other videos that are stored like it
davis = dict(
    type="DAVISUnsupervisedDataset",
    data_prefix=dict(img_path="JPEGImages/480p", ann_path="Annotations_unsupervised/480p"),
)
