"""Facts to values and effects: what a callable returns, and whether it reaches the database.

Abstract interpretation of the facts of a body. Statements run in order over an environment of
possible values; a call is followed with what is known of its arguments.
"""

from asyncgen.analysis.calls import is_context_function
from asyncgen.analysis.core import is_abstract
from asyncgen.analysis.evaluator import Evaluator
from asyncgen.analysis.frame import Frame

__all__ = ["Evaluator", "Frame", "is_abstract", "is_context_function"]
