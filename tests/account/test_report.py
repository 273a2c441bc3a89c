"""The report: whose it is, how every order ended, the card, and the text of one account or several."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from places import ROOT

from hq_cli._report import compared, ended, readable
from hq_core import VERSION
from hq_core.futures.account import RULES
from hq_core.futures.report import OUTCOMES, card
from hq_core.kinds import REASONS

STRATEGY = "param n = 14\\nIF RSI(n) < 30 THEN BUY\\nIF RSI(n) > 70 THEN SELL\\n"
MADE = f"printf '{STRATEGY}' > s.hq; hq-gen bars --rows 500 --seed 1 --period 1h > btc.hqf"
BOTH = "hq-gen bars --rows 500 --seed 2 --period 1h --symbol ETHUSDT | hq-merge btc.hqf -"


def reports(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture
def one(run) -> dict[str, Any]:
    (report,) = reports(run(f"{MADE}; hq-signal s.hq < btc.hqf | hq-backtest --json").text)
    return report


def test_the_price_stands_beside_the_result(run, one) -> None:
    closes = [bar["close"] for bar in reports(run("hq-export jsonl < btc.hqf").text)]
    assert one["buy_and_hold"] == closes[-1] / closes[0] - 1.0
    assert (one["symbol"], one["symbols"]) == ("BTCUSDT", ["BTCUSDT"])


def test_of_a_run_in_two_parts_it_is_that_of_the_whole(run, one) -> None:
    run("hq-export csv < btc.hqf > btc.csv; head -251 btc.csv > a.csv; (head -1 btc.csv; tail -n +252 btc.csv) > b.csv")
    line = "hq-import --period 1h < {}.csv | hq-signal s.hq --state s.state | hq-backtest --json --state a.state"
    assert run(line.format("a")).code == 0
    (report,) = reports(run(line.format("b")).text)
    assert {**report, "card": None} == {**one, "card": None}
    assert report["card"]["digest"] == one["card"]["digest"]


def test_an_account_of_several_symbols_names_them(run) -> None:
    (report,) = reports(run(f"{MADE}; {BOTH} | hq-signal s.hq | hq-backtest --json").text)
    assert (report["symbol"], report["symbols"], report["buy_and_hold"]) == ("", ["BTCUSDT", "ETHUSDT"], None)
    assert readable(report).startswith("market            BTCUSDT ETHUSDT 1h usdm")
    many = {**report, "symbols": [f"S{i}" for i in range(500)]}
    assert readable(many).startswith("market            500 symbols 1h usdm")


def test_every_end_of_an_order_is_in_one_outcome(run, tmp_path) -> None:
    """Of the golden account, which has nearly all of them."""
    case = ROOT / "tests" / "cases" / "backtest" / f"rules-{RULES}"
    assert case.is_dir(), "rules.RULES has risen without a golden account of its own"
    line = (case / "cmd").read_text().replace("> run.hqf", "--json; continue")
    for name in ("rules.hq", "funding.jsonl"):
        (tmp_path / name).write_text((case / name).read_text())
    ran = run(line, cwd=tmp_path)
    found = reports(ran.text)
    assert len(found) == 5, ran.stderr
    for report in found:
        orders = dict(report["orders"])
        total = orders.pop("total")
        assert total == sum(sum(n.values()) if isinstance(n, dict) else n for n in orders.values()), orders
        assert {one["kind"] for one in found} == {"report"}


def test_outcomes_are_of_the_reasons_that_there_are() -> None:
    for _, reasons in OUTCOMES.values():
        assert set(reasons) <= set(REASONS)
        assert len(set(reasons.values())) == len(reasons)


# -- the card ------------------------------------------------------------------------------------------------
def test_the_card_is_the_same_wherever_the_files_lie(run, tmp_path) -> None:
    run(MADE)
    cards = []
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "s.hq").write_text(STRATEGY.replace("\\n", "\n"))
        folder = tmp_path / name
        ran = run(f"hq-signal {folder}/s.hq < btc.hqf | hq-backtest --json --strategy s")
        (report,) = reports(ran.text)
        cards.append(report["card"])
        assert str(tmp_path) not in json.dumps(report["card"])
    assert cards[0] == cards[1]
    assert (cards[0]["hq"], cards[0]["rules"]) == (VERSION, RULES)
    assert [made[0] for made in cards[0]["made_by"]] == ["hq-gen", "hq-signal", "hq-backtest"]
    assert cards[0]["made_by"][1][2] == ["s.hq"]
    assert list(cards[0]["made_by"][1][3]) == ["s"]
    (tmp_path / "there" / "s.hq").write_text(STRATEGY.replace("\\n", "\n").replace("30", "25"))
    (other,) = reports(run(f"hq-signal {tmp_path}/there/s.hq < btc.hqf | hq-backtest --json").text)
    assert other["card"]["made_by"][1][3] != cards[0]["made_by"][1][3]


def test_the_card_knows_all_sections_and_each_command_once(run) -> None:
    run(f"{MADE}; hq-signal s.hq < btc.hqf > orders.hqf")
    later = "hq-gen bars --rows 5 --seed 3 --period 1h --start 2025-01-01 | hq-signal s.hq"
    (report,) = reports(run(f"({later}) | cat orders.hqf - | hq-backtest --json").text)
    assert [made[0] for made in report["card"]["made_by"]] == ["hq-gen", "hq-signal", "hq-backtest", "hq-gen"]


def test_the_digest_is_of_what_the_account_made(run) -> None:
    run(f"{MADE}; {BOTH} > two.hqf; hq-signal s.hq < two.hqf > orders.hqf; hq-merge --series orders.hqf > series.hqf")

    def digest(line: str) -> str:
        (report,) = reports(run(f"{line} --json").text)
        found: str = report["card"]["digest"]
        return found

    whole = digest("hq-backtest < orders.hqf")
    assert re.fullmatch("[0-9a-f]{32}", whole)
    assert digest("hq-backtest < series.hqf") == digest("hq-backtest s.hq < two.hqf") == whole
    assert digest("hq-backtest --periods-per-year 9 < orders.hqf") == whole  # a figure of the report, no row
    others = ["--taker-fee 0.0005", "--close-at-end", "--symbol BTCUSDT", "--leverage 11", "--slippage-bps 0.001"]
    assert len({whole, *(digest(f"hq-backtest {one} < orders.hqf") for one in others)}) == 1 + len(others)


def test_of_words_only_folders_from_the_root_are_left_out() -> None:
    words = ["/a/b/s.hq", "./s.hq", "--brackets=/etc/b.json", "4h=/x/v.hqf", "/p/f.py:Class", "-p", "x=1/2", "a / b"]
    (made,) = card([["hq-x", "1", words, {"/a/b/s.hq": "d"}]])["made_by"]
    assert made[2] == ["s.hq", "./s.hq", "--brackets=b.json", "4h=v.hqf", "f.py:Class", "-p", "x=1/2", "a / b"]
    assert made[3] == {"s.hq": "d"}
    assert card(["by hand", [], ["hq-x", "1", None, {}]])["made_by"] == []


def test_reports_that_other_commands_made_are_equal_where_the_results_are(run) -> None:
    run(f"{MADE}; hq-signal s.hq < btc.hqf | hq-backtest > a.hqf")
    run("hq-export csv < btc.hqf | hq-import --period 1h | hq-signal s.hq | hq-backtest --strategy s > b.hqf")
    same = run("hq-diff a.hqf b.hqf")
    assert same.code == 0, same.text


# -- text ----------------------------------------------------------------------------------------------------
def test_several_accounts_have_a_line_each(run) -> None:
    line = f"{MADE}; hq-signal s.hq -p n=5,14 < btc.hqf | hq-backtest"
    told = run(f"{line} --text").text.splitlines()
    assert [text.split()[0] for text in told] == ["account", "s[n=5]", "s[n=14]"]
    assert all(len(text) == 80 for text in told)
    assert [one["account"] for one in reports(run(f"{line} --json").text)] == ["s[n=5]", "s[n=14]"]


HUGE = 1.2345678e90


def test_text_keeps_its_columns_whatever_the_numbers(one) -> None:
    """A name of any length, numbers of any size, all outcomes at once."""
    drop = {**one["max_drawdown"], "frac": 1.0, "value": 1e15}
    numbers = dict.fromkeys(("return_frac", "sharpe_ann", "sortino_ann", "vol_ann", "profit_factor"), -HUGE)
    orders = {
        name: dict.fromkeys(counts, 10**9) if isinstance(counts, dict) else 10**9
        for name, counts in one["orders"].items()
    }
    report = {**one, **numbers, "account": "x" * 200, "max_drawdown": drop, "fees": 1e15, "orders": orders}
    for text in (readable(report), compared([report, one])):
        assert all(len(line) <= 80 for line in text.splitlines()), text
    assert all(re.search(rf"^  {outcome} ", readable(report), re.M) for outcome in OUTCOMES)
    assert compared([report]).splitlines()[1:4] == ["x" * 80, "x" * 80, "x" * 40]


def test_the_text_of_an_account_fits_a_terminal(one) -> None:
    assert readable(one).count("\n") <= 23
    assert readable(one).splitlines()[-1] == f"made by           hq {VERSION}, rules {RULES}"
    assert ended(one["orders"])[0][1].startswith(f"{one['orders']['total']}: ")
