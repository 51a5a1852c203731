from django.db import models


class Heartbeat(models.Model):
    """The last sign of life of a part that works in the background: written by a task of its own queue each minute.

    It proves the whole chain (beat, broker, worker, database), which a living process does not.
    """

    name = models.CharField(max_length=40, primary_key=True)
    beaten_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
