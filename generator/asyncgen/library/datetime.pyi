# https://docs.python.org/3/library/datetime.html

from typing import Any, Self

class timedelta:
    days: int
    seconds: int
    microseconds: int
    def __init__(
        self,
        days: float = 0,
        seconds: float = 0,
        microseconds: float = 0,
        milliseconds: float = 0,
        minutes: float = 0,
        hours: float = 0,
        weeks: float = 0,
    ) -> None: ...
    def total_seconds(self) -> float: ...

class date:
    year: int
    month: int
    day: int
    def __init__(self, year: int, month: int, day: int) -> None: ...
    @classmethod
    def fromisoformat(cls, text: str, /) -> Self: ...
    @classmethod
    def fromtimestamp(cls, timestamp: float, /) -> Self: ...
    @classmethod
    def today(cls) -> Self: ...
    def isoformat(self) -> str: ...
    def isoweekday(self) -> int: ...
    def replace(self, year: int = 0, month: int = 0, day: int = 0) -> Self: ...
    def strftime(self, format: str, /) -> str: ...
    def toordinal(self) -> int: ...
    def weekday(self) -> int: ...

class time:
    hour: int
    minute: int
    second: int
    microsecond: int
    def __init__(
        self,
        hour: int = 0,
        minute: int = 0,
        second: int = 0,
        microsecond: int = 0,
        tzinfo: Any = None,
        *,
        fold: int = 0,
    ) -> None: ...
    def isoformat(self, timespec: str = "auto") -> str: ...
    def strftime(self, format: str, /) -> str: ...

class datetime(date):
    hour: int
    minute: int
    second: int
    microsecond: int
    def __init__(
        self,
        year: int,
        month: int,
        day: int,
        hour: int = 0,
        minute: int = 0,
        second: int = 0,
        microsecond: int = 0,
        tzinfo: Any = None,
        *,
        fold: int = 0,
    ) -> None: ...
    @classmethod
    def combine(cls, date: date, time: time, tzinfo: Any = None) -> Self: ...
    @classmethod
    def fromtimestamp(cls, timestamp: float, tz: Any = None) -> Self: ...
    @classmethod
    def now(cls, tz: Any = None) -> Self: ...
    @classmethod
    def strptime(cls, text: str, format: str, /) -> Self: ...
    @classmethod
    def utcnow(cls) -> Self: ...
    def astimezone(self, tz: Any = None) -> Self: ...
    def date(self) -> date: ...
    def isoformat(self, sep: str = "T", timespec: str = "auto") -> str: ...
    def replace(
        self,
        year: int = 0,
        month: int = 0,
        day: int = 0,
        hour: int = 0,
        minute: int = 0,
        second: int = 0,
        microsecond: int = 0,
        tzinfo: Any = None,
        *,
        fold: int = 0,
    ) -> Self: ...
    def time(self) -> time: ...
    def timestamp(self) -> float: ...
