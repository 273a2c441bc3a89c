"""Buy a new high, let it run, and sell once it has given back some of its usual range.

The highest close since it bought is what the class remembers; a run with --state goes on with it.
"""


class Breakout:
    length = 20  # bars that a high must be above
    give_back = 2.5  # of the average range, from the highest close
    meta = {"why": ("new high", "gave back"), "peak": float}
    reads = ("high", "close")

    def on_start(self, ctx):
        ctx.indicators("atr:14")
        self.highs = ctx.history("high", self.length + 1)
        self.peak = 0.0  # 0: it holds nothing

    def next(self, row):
        if self.peak == 0.0:
            if row.close > max(self.highs[:-1]) and row.atr_14 > 0.0:  # false while either is nan
                self.peak = row.close
                return {"action": "OPEN_LONG", "size": 1, "rule": 1, "meta": {"why": "new high"}}
            return None
        self.peak = max(self.peak, row.close)
        if row.close < self.peak - self.give_back * row.atr_14:
            peak, self.peak = self.peak, 0.0
            return {"action": "CLOSE_LONG", "rule": 2, "meta": {"why": "gave back", "peak": peak}}
        return None

    def save(self):
        return self.peak

    def load(self, saved):
        self.peak = saved
