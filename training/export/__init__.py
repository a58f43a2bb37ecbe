"""From a trained system to a model that serves: ONNX with all preprocessing inside, its spec, and the gate that both pass."""
