import pytest

from churnscope.errors import ConfigError
from churnscope.simulation.business import PRESETS, Campaign, Lapse, Purchases, preset


def test_impossible_values_are_refused_with_limits_and_meaning():
    with pytest.raises(ConfigError, match=r"save_share = 0.9 is impossible.\nGive a number from 0 to 0.5: mean chance"):
        Campaign(save_share=0.9)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1.0])
def test_what_is_no_possible_number_is_refused(value):
    with pytest.raises(ConfigError, match="per_year"):
        Purchases(per_year=value)


def test_settings_reach_into_sections():
    changed = PRESETS["shop"].adjusted({"purchases.per_year": "24", "warning_days": "10", "flaws.late_share": "0.1"})
    assert (changed.purchases.per_year, changed.warning_days, changed.flaws.late_share) == (24.0, 10.0, 0.1)
    assert PRESETS["shop"].purchases.per_year != 24.0


def test_a_setting_makes_the_section_that_is_not_there():
    changed = PRESETS["pareto_nbd"].adjusted({"campaign.save_share": "0.2"})
    assert changed.campaign == Campaign(save_share=0.2)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("purchases.per_yaer", 'Did you mean "per_year"'),
        ("name", "Known here"),
        ("purchase.per_year", 'Did you mean "purchases."'),
    ],
)
def test_unknown_parameters_are_answered_with_known_ones(name, hint):
    with pytest.raises(ConfigError, match=hint):
        PRESETS["shop"].adjusted({name: "1"})


@pytest.mark.parametrize(("name", "text"), [("purchases.products", "2.5"), ("purchases.per_year", "often")])
def test_a_text_that_is_no_number_is_refused(name, text):
    with pytest.raises(ConfigError, match="number"):
        PRESETS["shop"].adjusted({name: text})


def test_unknown_business_is_answered_with_the_nearest():
    with pytest.raises(ConfigError, match='Did you mean "shop"'):
        preset("shoop")


def test_half_of_the_customers_are_gone_after_the_half_life():
    lapse = Lapse(half_life_days=100, shape=0.7)
    assert (lapse.scale_days / (lapse.scale_days + 100)) ** 0.7 == pytest.approx(0.5)
