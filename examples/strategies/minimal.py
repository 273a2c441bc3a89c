"""Two lines: buy wherever a bar closes above 100."""


class MyStrategy:
    def next(self, row):
        if row.close > 100:
            return {"action": "BUY", "type": "market", "size": 1.0}
        return None
