"""Kafka through kafka-python: connections, topics, publishing, and the transactional way of a frame."""
