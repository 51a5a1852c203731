from config.platform.admin import machinery, owed, tokens, trail, users, webhooks

__all__ = ["machinery", "owed", "tokens", "trail", "users", "webhooks"]
