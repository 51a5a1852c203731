from config.platform.admin import machinery, owed, tokens, trail, users

__all__ = ["machinery", "owed", "tokens", "trail", "users"]
