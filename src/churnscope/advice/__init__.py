"""Which definition suits a business: windows and horizons by the pauses of its customers, two definitions side by side."""

from churnscope.advice.agreement import LABELS, Agreement, KindsAgreement, Labelled
from churnscope.advice.choices import Advice, HorizonChoice, Terms, WindowChoice, advise
from churnscope.advice.silences import Silences, silences_of

__all__ = [
    "LABELS",
    "Advice",
    "Agreement",
    "HorizonChoice",
    "KindsAgreement",
    "Labelled",
    "Silences",
    "Terms",
    "WindowChoice",
    "advise",
    "silences_of",
]
