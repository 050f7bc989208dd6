_base_ = "./efficientvis_r50_t9-wo-cl_ytvis2019.py"

model = dict(linker=dict(type="ClipLinker"))
