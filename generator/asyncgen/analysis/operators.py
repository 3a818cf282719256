"""What operators give, of numbers, dates, texts and containers.

https://docs.python.org/3/library/stdtypes.html#numeric-types-int-float-complex,
https://docs.python.org/3/library/decimal.html, https://docs.python.org/3/library/datetime.html
"""

from __future__ import annotations

from collections.abc import Mapping

from asyncgen.analysis.types import INT, NONE, STR, Known, Types, builtin, merged

FLOAT = builtin("float")
DATE: Types = frozenset({Known("datetime", "date")})
DATETIME: Types = frozenset({Known("datetime", "datetime")})
TIMEDELTA: Types = frozenset({Known("datetime", "timedelta")})
DECIMAL: Types = frozenset({Known("decimal", "Decimal")})

# In the order in which one gives way to the other: bool and int to float, int to Decimal.
_NUMBERS: Mapping[tuple[str, str], Types] = {
    ("int", "int"): INT,
    ("int", "float"): FLOAT,
    ("float", "float"): FLOAT,
    ("int", "Decimal"): DECIMAL,
    ("Decimal", "Decimal"): DECIMAL,
}
_ARITHMETIC = frozenset({"+", "-", "*", "/", "//", "%"})
_BITS = frozenset({"&", "|", "^"})
_DATES: Mapping[tuple[str, str, str], Types] = {
    ("date", "+", "timedelta"): DATE,
    ("date", "-", "date"): TIMEDELTA,
    ("date", "-", "timedelta"): DATE,
    ("datetime", "+", "timedelta"): DATETIME,
    ("datetime", "-", "datetime"): TIMEDELTA,
    ("datetime", "-", "timedelta"): DATETIME,
    ("timedelta", "%", "timedelta"): TIMEDELTA,
    ("timedelta", "*", "float"): TIMEDELTA,
    ("timedelta", "*", "int"): TIMEDELTA,
    ("timedelta", "+", "date"): DATE,
    ("timedelta", "+", "datetime"): DATETIME,
    ("timedelta", "+", "timedelta"): TIMEDELTA,
    ("timedelta", "-", "timedelta"): TIMEDELTA,
    ("timedelta", "/", "float"): TIMEDELTA,
    ("timedelta", "/", "int"): TIMEDELTA,
    ("timedelta", "/", "timedelta"): FLOAT,
    ("timedelta", "//", "int"): TIMEDELTA,
    ("timedelta", "//", "timedelta"): INT,
    ("float", "*", "timedelta"): TIMEDELTA,
    ("int", "*", "timedelta"): TIMEDELTA,
}
_MODULES = frozenset({"builtins", "datetime", "decimal"})


def binary(operator: str, left: Types | None, right: Types | None) -> Types | None:
    """The type of `left operator right`; None where that is not known. None has no operators: with
    it there is no result."""
    if left is None or right is None:
        return None
    found: set[Known] = set()
    for one in left - NONE:
        for other in right - NONE:
            result = _of_two(operator, one, other)
            if result is None:
                return None
            found |= result
    return merged(frozenset(found)) or None


def unary(operand: Types | None) -> Types | None:
    """The type of `-operand` and `+operand`."""
    if operand is None or not operand:
        return None
    names = {each.name for each in operand if each.module in _MODULES}
    if len(names) != len(operand) or not names <= {"bool", "int", "float", "Decimal", "timedelta"}:
        return None
    return frozenset(next(iter(INT)) if each.name == "bool" else each for each in operand)


def _of_two(operator: str, one: Known, other: Known) -> Types | None:
    if one.module not in _MODULES or other.module not in _MODULES:
        return None
    left, right = (("int" if each.name == "bool" else each.name) for each in (one, other))
    if operator in _ARITHMETIC:
        types = _NUMBERS.get((left, right)) or _NUMBERS.get((right, left))
        if types:
            return FLOAT if operator == "/" and types == INT else types
        if dates := _DATES.get((left, operator, right)):
            return dates
    if operator in _BITS and left == right == "int":
        return builtin("bool") if one.name == other.name == "bool" else INT
    if left == right == "set" and operator in ("&", "|", "^", "-"):
        return frozenset({one, other})
    return _of_sequences(operator, one, other)


def _of_sequences(operator: str, one: Known, other: Known) -> Types | None:
    if operator == "%" and one.name == "str":
        return STR
    if operator == "+" and one.name == other.name and one.name in ("str", "bytes", "list"):
        return frozenset({one, other})
    if operator == "*":
        for sequence, number in ((one, other), (other, one)):
            if sequence.name in ("str", "bytes", "list") and number.name in ("bool", "int"):
                return frozenset({sequence})
    return None
