"""What happens to a training sample: each augmentation acts on picture, key points and dense coordinates together."""
