"""What the logs show is what the truth says, within chance; every total is compared with its exact expectation."""

from dataclasses import replace

import numpy as np
import pyarrow.compute as pc
import pytest

from churnscope.simulation import PRESETS, Business, simulate_tables
from churnscope.simulation.business import Campaign, Contracts, Engagement, Lapse, Purchases, Season, Support

N, DAYS = 6_000, 500
SHOP = Business("shop", purchases=Purchases(per_year=20, lines_per_order=1.5), lapse=Lapse(half_life_days=200))


@pytest.fixture(scope="module")
def shop():
    return simulate_tables(SHOP, customers=N, days=DAYS, seed=11)


@pytest.fixture(scope="module")
def both():
    return simulate_tables(PRESETS["both"], customers=N, days=DAYS, seed=5)


def here_days(truth, business, days_of):
    """How long each customer was there within the log."""
    joined, lapse = days_of(truth["joined"], business), days_of(truth["lapse"], business)
    return np.minimum(lapse, DAYS) - joined


@pytest.mark.parametrize("log", ["purchases", "engagement", "support"])
def test_nobody_does_anything_before_joining_or_after_leaving(log, both, days_of, owners_of):
    business, truth = PRESETS["both"], both["truth"]
    table = both[log]
    if log == "purchases":
        table = table.filter(pc.greater(table["amount"], 0))  # goods may come back later
    owner, time = owners_of(table["customer"]), days_of(table["time"], business)
    assert (time >= days_of(truth["joined"], business)[owner]).all()
    assert (time <= days_of(truth["lapse"], business)[owner]).all()
    assert (time < DAYS).all()


def test_the_share_that_leaves_is_the_declared_one(shop, days_of, within_chance):
    lifetime = days_of(shop["truth"]["lapse"], SHOP) - days_of(shop["truth"]["joined"], SHOP)
    assert within_chance((lifetime > 200).sum(), N / 2, N / 4)


def test_rates_vary_between_people_as_declared(shop, within_chance):
    rates = shop["truth"]["purchase_rate_per_day"].to_numpy() * 365.25
    assert within_chance(rates.mean(), 20, 400 / N)
    assert rates.std() == pytest.approx(20, rel=0.1)  # shape 1: as wide as its mean


def test_orders_add_up_to_the_rates(shop, days_of, within_chance):
    orders = len(pc.unique(shop["purchases"]["order"]))
    expected = (shop["truth"]["purchase_rate_per_day"].to_numpy() * here_days(shop["truth"], SHOP, days_of)).sum()
    assert within_chance(orders - N, expected, expected)


def test_lines_divide_orders_of_the_declared_value(shop, within_chance):
    lines = shop["purchases"]
    orders = lines.group_by("order").aggregate([("amount", "sum"), ("customer", "min"), ("time", "count")])
    mean = shop["truth"]["mean_order_amount"].to_numpy()
    owner = np.array([int(customer[1:]) for customer in orders["customer_min"].to_pylist()])
    ratio = orders["amount_sum"].to_numpy() / mean[owner]
    assert within_chance(ratio.mean(), 1, 1 / 6 / len(ratio))  # gamma with p = 6
    assert within_chance(len(lines) - len(ratio), 0.5 * len(ratio), 0.5 * len(ratio))
    assert mean.mean() == pytest.approx(40, rel=0.1)


def test_one_order_has_one_customer_and_one_time(shop):
    kinds = shop["purchases"].group_by("order").aggregate([("customer", "count_distinct"), ("time", "count_distinct")])
    assert set(kinds["customer_count_distinct"].to_pylist()) == {1}
    assert set(kinds["time_count_distinct"].to_pylist()) == {1}


def test_returns_take_back_what_was_sold():
    business = replace(SHOP, purchases=Purchases(return_share=0.1))
    lines = simulate_tables(business, customers=500, days=DAYS)["purchases"]
    sold = {
        (c, o, p, a)
        for c, o, p, a in zip(*(lines[k].to_pylist() for k in ("customer", "order", "product", "amount")), strict=True)
    }
    returns = lines.filter(pc.less(lines["amount"], 0))
    assert len(returns) > 0
    for customer, order, product, amount in zip(
        *(returns[k].to_pylist() for k in ("customer", "order", "product", "amount")), strict=True
    ):
        assert (customer, order.removeprefix("R"), product, -amount) in sold


def test_seasons_move_orders(days_of, within_chance):
    business = replace(SHOP, season=Season(weekend_factor=2.5))
    lines = simulate_tables(business, customers=N, days=490, seed=2)["purchases"]
    repeats = lines.filter(pc.invert(pc.match_substring_regex(lines["order"], "-0$")))
    day = np.floor(days_of(repeats.group_by("order").aggregate([("time", "min")])["time_min"], business)).astype(int)
    weekend = np.isin(day % 7, (0, 6))  # the log begins on a Sunday
    assert within_chance(weekend.sum(), len(day) / 2, len(day) / 4)  # 2 x 2.5 of 10 parts


def test_sessions_thin_out_and_tickets_pile_up_before_leaving(days_of, owners_of, within_chance):
    business = Business("signs", engagement=Engagement(fading=0.8), support=Support(per_year=4, rise=6), warning_days=40)
    tables = simulate_tables(business, customers=N, days=DAYS, seed=4)
    truth = tables["truth"]
    joined, lapse = days_of(truth["joined"], business), days_of(truth["lapse"], business)
    leaver = (lapse < DAYS) & (lapse - joined > 40)
    session_rate = truth["session_rate_per_day"].to_numpy()

    def last_days(log, rate, mean_factor):
        owner, time = owners_of(tables[log]["customer"]), days_of(tables[log]["time"], business)
        seen = (leaver[owner] & (lapse[owner] - time <= 40)).sum()
        expected = (rate * leaver).sum() * 40 * mean_factor
        return within_chance(seen, expected, expected)

    assert last_days("engagement", session_rate, 1 - 0.8 / 2)
    assert last_days("support", np.full(N, 4 / 365.25), (1 + 6) / 2)


def test_answers_cease_and_our_touches_go_on(both, days_of, owners_of):
    business, contacts = PRESETS["both"], both["contacts"]
    lapse = days_of(both["truth"]["lapse"], business)[owners_of(contacts["customer"])]
    after = days_of(contacts["time"], business) > lapse
    assert after.any()
    assert set(contacts["direction"].filter(after).to_pylist()) == {"outbound"}
    assert not any(contacts["response"].filter(after).to_pylist())


def test_an_offer_keeps_the_declared_share(days_of, within_chance):
    campaign = Campaign(day_share=0.5, save_share=0.4, effect_days=60)
    business = replace(SHOP, campaign=campaign)
    tables = simulate_tables(business, customers=4 * N, days=DAYS, seed=8)
    truth = tables["truth"]
    untreated, lapse = days_of(truth["lapse_untreated"], business), days_of(truth["lapse"], business)
    offered, chance = truth["offered"].to_numpy(zero_copy_only=False), truth["save_probability"].to_numpy()
    leaving = (untreated >= 250) & (untreated < 310) & (days_of(truth["joined"], business) < 250)
    saved = lapse > untreated
    assert not saved[~(leaving & offered)].any()
    assert (lapse[saved] >= 310).all()
    likely = chance[leaving & offered]
    assert within_chance(saved.sum(), likely.sum(), (likely * (1 - likely)).sum())
    reached = len(tables["campaigns"])
    assert within_chance(offered.sum(), reached / 2, reached / 4)


def test_a_campaign_changes_nothing_before_it(days_of):
    """The same seed with and without an effect are the two potential outcomes of each customer."""
    business = PRESETS["both"]
    without, with_effect = (
        simulate_tables(replace(business, campaign=Campaign(save_share=share)), customers=800, days=DAYS)
        for share in (0.0, 0.5)
    )
    assert without["truth"]["lapse"] == with_effect["truth"]["lapse_untreated"]
    for log in ("purchases", "engagement", "support", "contacts"):
        before, same = (
            table.filter(days_of(table["time"], business) < 0.7 * DAYS) for table in (without[log], with_effect[log])
        )
        assert before.equals(same)
    begun = ["customer", "start", "plan", "price", "due"]
    before, same = (
        table.filter(days_of(table["start"], business) < 0.7 * DAYS).select(begun)
        for table in (without["subscriptions"], with_effect["subscriptions"])
    )
    assert before.equals(same)
    assert len(with_effect["purchases"]) > len(without["purchases"])


def test_terms_follow_each_other_until_the_customer_leaves(both, days_of, owners_of):
    business, terms = PRESETS["both"], both["subscriptions"]
    owner = owners_of(terms["customer"])
    start, end = days_of(terms["start"], business), days_of(terms["end"], business)
    order = np.lexsort((start, owner))
    owner, start, end = owner[order], start[order], end[order]
    same = owner[1:] == owner[:-1]
    assert (start[1:][same] == end[:-1][same]).all()
    assert (end > start).all()
    lapse = days_of(both["truth"]["lapse"], business)
    assert (start < lapse[owner]).all()
    last = np.append(~same, True)
    left = lapse[owner[last]] < DAYS
    assert (end[last][left] >= lapse[owner[last]][left] - 1e-9).all()
    assert (end[last][~left] >= DAYS).all()
    assert set(owner.tolist()) == set(range(N))


def test_the_log_knows_nothing_of_what_comes_after_it(both, days_of):
    terms, tickets = both["subscriptions"], both["support"]
    for column in (terms["cancelled"], terms["ended"], terms["paid"], terms["start"], tickets["resolved"]):
        assert days_of(column.drop_null(), PRESETS["both"]).max() < DAYS


def test_payments_fail_and_end_contracts_as_declared(days_of, within_chance):
    business = Business("box", contracts=Contracts(failed_share=0.2, lost_share=0.5), lapse=Lapse(half_life_days=5_000))
    tables = simulate_tables(business, customers=N, days=DAYS, seed=3)
    terms, truth = tables["subscriptions"], tables["truth"]
    renewals = len(terms) - N  # the first payment never fails for good
    unpaid = pc.sum(terms["paid"].is_null().cast("int64")).as_py()
    assert within_chance(unpaid, renewals * 0.1, renewals * 0.1)
    ended = terms.filter(pc.equal(terms["reason"], "payment"))
    assert ended["ended"].null_count == 0
    assert terms["ended"].null_count == len(terms) - len(ended)
    assert pc.all(pc.less(ended["ended"], ended["end"])).as_py()
    owners = pc.is_in(truth["customer"], ended["customer"])
    assert set(truth["lapse_reason"].filter(owners).to_pylist()) == {"payment"}
    assert len(ended) <= unpaid
