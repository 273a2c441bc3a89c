"""Buy a new high with a stop that follows the highest price since the entry, closer once it has earned its risk.

What is held, since when, and how high the price has been is the account's to know: an order may be cut, rejected,
filled at another price or liquidated, and a class that keeps books of its own goes wrong with the first of these.
hq-backtest --python runs it inside the account, which tells it of each fill: after a loss it waits before the next.
A new high after a calm is the market's word; where the stop stands is a matter of what its bars usually span.
"""


class Trailing:
    account = True  # ctx.position, ctx.entry_price and the rest are known at each row
    length = 20  # bars that a high must be above
    far = 3.0  # of the average range: the stop below the highest price since the entry
    near = 1.5  # and once the open profit is above that range
    pause = 5  # bars after a loss
    reads = ("high", "close")

    def on_start(self, ctx):
        ctx.indicators("atr:14")
        self.ctx = ctx
        self.highs = ctx.history("high", self.length + 1)
        self.wait = 0

    def on_trade(self, fill):
        if fill.action.startswith("close") and fill.realised < 0.0:
            self.wait = self.pause

    def next(self, row):
        ctx = self.ctx
        if ctx.position > 0.0:
            earned = row.close - ctx.entry_price > row.atr_14
            stop = ctx.highest_since_entry - (self.near if earned else self.far) * row.atr_14
            return "CLOSE_LONG" if row.close < stop else None
        self.wait = max(self.wait - 1, 0)
        if self.wait == 0 and row.close > max(self.highs[:-1]):
            return "OPEN_LONG"
        return None

    def save(self):
        return self.wait

    def load(self, saved):
        self.wait = saved
