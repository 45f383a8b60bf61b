"""Between hub and worker: messages, processes, the folder where they meet."""
