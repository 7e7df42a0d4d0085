"""The conversation with people on Telegram: what they mean (pure), what follows from it (one transaction), and what they are told."""
