_base_ = "./inspro_r50_plain_ytvis2019.py"

# slots are linked by their index alone
model = dict(consistent=False, head=dict(propagate="none"))
