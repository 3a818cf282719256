from django.contrib.contenttypes.models import ContentType
from django.db import models


def manager_of(state):
    class StateManager(models.Manager):
        def get_queryset(self):
            return super().get_queryset().filter(state=state)

        def titles(self):
            return [notice.title for notice in self.all()]

    return StateManager()


class Board(models.Model):
    name = models.CharField(max_length=50)

    class Meta:
        ordering = ("name",)


class Notice(models.Model):
    board = models.ForeignKey(Board, models.CASCADE)
    title = models.CharField(max_length=100)
    state = models.CharField(max_length=10, default="draft")

    objects = models.Manager()
    drafts = manager_of("draft")
    shown = manager_of("shown")

    class Meta:
        order_with_respect_to = "board"

    def show(self) -> None:
        self.state = "shown"
        self.save()


class Urgent(Notice):
    class Meta:
        proxy = True

    def show(self) -> None:
        super().show()
        Reader.objects.filter(board=self.board).update(is_behind=True)


class Reader(models.Model):
    board = models.ForeignKey(Board, models.CASCADE)
    is_behind = models.BooleanField(default=False)


class Mark(models.Model):
    content_type = models.ForeignKey(ContentType, models.CASCADE)
    object_id = models.PositiveIntegerField()

    def target(self):
        return self.content_type.get_object_for_this_type(pk=self.object_id)


class Archive(models.Model):
    year = models.PositiveIntegerField()
    boards = models.ManyToManyField(Board)

    def names(self):
        return ", ".join(board.name for board in self.boards.all())
