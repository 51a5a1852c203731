"""The demo: a small call centre with its people, its customers and its calls of yesterday and today."""
