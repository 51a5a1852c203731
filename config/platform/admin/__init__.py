from config.platform.admin import machinery, tokens, trail, users

__all__ = ["machinery", "tokens", "trail", "users"]
