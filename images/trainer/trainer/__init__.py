"""The LoRA trainer: several runs, each with its own adapter and optimizer, on one frozen base model."""
