"""Which activity window and horizon a business supports, from the pauses of its customers."""

from churnscope.advice.choices import Advice, HorizonChoice, Terms, WindowChoice, advise
from churnscope.advice.silences import Silences, silences_of

__all__ = ["Advice", "HorizonChoice", "Silences", "Terms", "WindowChoice", "advise", "silences_of"]
