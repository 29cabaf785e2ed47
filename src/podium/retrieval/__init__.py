"""Image retrieval: from local features and global vectors to the true painting's rank."""
