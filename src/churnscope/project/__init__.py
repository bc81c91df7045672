"""The steps a user takes, each a straight line of calls into the layers below."""

from churnscope.project.project import Project

__all__ = ["Project"]
