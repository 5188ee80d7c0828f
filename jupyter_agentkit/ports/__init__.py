"""What agents may do through the Jupyter server: its kernels, its files, its notebooks."""
