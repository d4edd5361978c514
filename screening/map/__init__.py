"""A plane of materials: one number for composition, one for structure, and a predicted barrier.

After Yamaguchi et al., Sci. Rep. 2023, 13, 16799. PyTorch is loaded only by `autoencoder` and
`training`.
"""
