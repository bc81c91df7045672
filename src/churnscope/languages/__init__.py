"""Texts for people in five languages: the English text is the key, a catalogue (`fr.po` ...) has what is said instead."""

from churnscope.languages.language import CODES, ENGLISH, Language, agreeing, code_in, language
from churnscope.languages.message import Message, Value, placeholders

__all__ = ["CODES", "ENGLISH", "Language", "Message", "Value", "agreeing", "code_in", "language", "placeholders"]
