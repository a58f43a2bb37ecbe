"""What happens to whole frames with the boxes of people in them."""
