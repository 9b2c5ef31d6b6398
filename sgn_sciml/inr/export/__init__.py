"""A fitted signal as files: weights of few bits, ONNX, rate and distortion."""
