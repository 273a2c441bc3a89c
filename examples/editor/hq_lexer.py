"""A Pygments lexer for strategies: pygmentize -x -l hq_lexer.py:HqLexer rsi.hq (made by make_man.py)"""

import re

from pygments.lexer import RegexLexer
from pygments.token import Comment, Keyword, Name, Number, Operator, String, Whitespace


class HqLexer(RegexLexer):
    name = "hq strategy"
    aliases = ["hq"]
    filenames = ["*.hq"]
    flags = re.MULTILINE
    tokens = {
        "root": [
            (r"\s+|\ufeff", Whitespace),
            ('#[^\\n]*|//[^\\n]*', Comment.Single),
            ('"[^"\\n]*"|\'[^\'\\n]*\'', String),
            ('`[^`\\n]+`', Name.Variable),
            ('@(?:"[^"\\n]*"|[A-Za-z0-9_]+(?::[0-9]+[A-Za-z]+)?)', Name.Decorator),
            ('(?i:\\b(?:FALSE|TRUE)\\b)', Keyword.Constant),
            ('(?i:\\b(?:PARAM|ELSE|SEED|STEP|THEN|AND|DEF|NOT|USE|VAR|IF|IN|OR)\\b)', Keyword),
            ('(?:\\b(?:sell_quote_volume|buy_quote_volume|quote_volume|sell_volume|buy_volume|open_time|period|symbol|trades|volume|close|high|open|vwap|low|ts)\\b)', Name.Builtin.Pseudo),
            ('(?i:\\b(?:CLOSE_SHORT|CLOSE_LONG|OPEN_SHORT|SELL_SHORT|BUY_SHORT|OPEN_LONG|SELL_LONG|CANCEL|TARGET|CLOSE|SELL|BUY)\\b)', Name.Function),
            ('[^\\W\\d]\\w*(?=\\s*\\()', Name.Builtin),
            ('(?:\\b(?:highest_since_entry|lowest_since_entry|entry_price|open_profit|bars_held|position|equity)\\b)', Name.Constant),
            ('(?:[0-9]+(?:\\.[0-9]+)?|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?', Number),
            ('[^\\W\\d]\\w*', Name),
            ('\\.\\.|\\<\\=|\\>\\=|\\=\\=|\\!\\=|\\=|\\(|\\,|\\)|\\-|\\<|\\>|\\+|\\*|\\/|\\%|\\^|\\[|\\]|\\.', Operator),
        ]
    }
