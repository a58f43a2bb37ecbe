"""Data sets: readers, annotations, augmentation, and the training and evaluation sets made of them."""
