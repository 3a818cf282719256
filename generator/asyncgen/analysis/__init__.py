"""Facts to values, types and effects: what a callable returns, and whether it reaches the database.

Abstract interpretation of the facts of a body, once for all. Statements run in order over an
environment of possible values; a call is followed with what is known of its arguments. Values that
are proved have types, which stubs spell.
"""

from asyncgen.analysis.called import is_context_function
from asyncgen.analysis.core import is_abstract
from asyncgen.analysis.django_stubs import DjangoStubs
from asyncgen.analysis.evaluator import Evaluator
from asyncgen.analysis.frame import Frame
from asyncgen.analysis.spelling import Spelling

__all__ = ["DjangoStubs", "Evaluator", "Frame", "Spelling", "is_abstract", "is_context_function"]
