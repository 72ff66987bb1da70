"""Nets and training runs as files: npz, safetensors and ONNX, never pickle."""
