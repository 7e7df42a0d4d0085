"""What is served over HTTP: health, metrics, and the links that mails carry. It shows and decides nothing itself."""
