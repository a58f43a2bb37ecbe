"""The whole stack on one machine, without Docker: Kafka, Triton, Milvus, Ray and Prometheus as plain processes."""
