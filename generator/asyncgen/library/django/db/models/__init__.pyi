# https://docs.djangoproject.com/en/stable/ref/models/
# To make one of these asks nobody, whatever module it really stands in.

from django.db.models.aggregates import Avg as Avg
from django.db.models.aggregates import Count as Count
from django.db.models.aggregates import Max as Max
from django.db.models.aggregates import Min as Min
from django.db.models.aggregates import StdDev as StdDev
from django.db.models.aggregates import Sum as Sum
from django.db.models.aggregates import Variance as Variance
from django.db.models.constraints import Deferrable as Deferrable
from django.db.models.expressions import Case as Case
from django.db.models.expressions import Exists as Exists
from django.db.models.expressions import Expression as Expression
from django.db.models.expressions import ExpressionWrapper as ExpressionWrapper
from django.db.models.expressions import F as F
from django.db.models.expressions import Func as Func
from django.db.models.expressions import OrderBy as OrderBy
from django.db.models.expressions import OuterRef as OuterRef
from django.db.models.expressions import Subquery as Subquery
from django.db.models.expressions import Value as Value
from django.db.models.expressions import When as When
from django.db.models.expressions import Window as Window
from django.db.models.lookups import Lookup as Lookup
from django.db.models.query import Prefetch as Prefetch
from django.db.models.query_utils import FilteredRelation as FilteredRelation
from django.db.models.query_utils import Q as Q
