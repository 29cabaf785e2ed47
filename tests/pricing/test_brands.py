"""Brands and languages as far as words tell."""

import pytest

from podium.pricing.brands import brand_of
from podium.pricing.languages import language_of, other_script_share

BRANDS = [
    ("Verlo Farms Organic Oat Bars, 13 oz", "", "verlo farms"),
    ("Verlo Farms® Oat Bars", "", "verlo farms"),
    ("Kessa's Hot Sauce", "", "kessa's"),
    ("Kessa’s Hot Sauce", "", "kessa's"),
    ("T.orven Crackers", "", "torven"),
    ("Generic Morvo Cookies", "", "morvo"),
    ("NOVIK - Raw Hazelnuts, 18 Pounds", "", "novik"),
    ("Tarragon Leaves Tea by Its Meadow, 20 lbs", "", "tarragon"),
    ("Organic Pecans by Its Meadow, 5 lbs", "", "its meadow"),
    ("Food to Plenty - Brazil Nuts", "", "food to plenty"),
    ("Plum Oolong Tea", "Flowery\nManufacturer: TerraNova\nSize: 50 bags", "terranova"),
    ("Rub 8OZ", "Brand: Chef Zed Provisions Flavor: hot", "chef zed provisions"),
    ("Amazon Brand - Morvo - Rack for Shoes", "", "morvo"),
    ("Velka Set of 5 Knives", "", "velka"),
    ("Organic Pistachios Shelled Raw", "", None),
    ("300 Pieces Bulk Chocolate", "", None),
    ("", "", None),
    ("(!!)", "", None),
]


@pytest.mark.parametrize(("title", "bullets", "brand"), BRANDS)
def test_brands(title, bullets, brand):
    assert brand_of(title, bullets) == brand


LANGUAGES = [
    ("The tea is made for you and your family", "en"),
    ("Hojas de laurel para la cocina con sabor y sin sal, es una hierba para las sopas", "es"),
    ("Feine Speisestärke für die Küche und das Backen mit der ganzen Familie", "de"),
    ("Le thé est fait avec des fleurs et sans sucre pour les enfants", "fr"),
    ("Olio della Toscana con gli aromi che sono il cuore di questo piatto", "it"),
    ("Feijão para uma refeição com os amigos, não é só comida", "pt"),
    ("12 oz", None),
    ("", None),
]


@pytest.mark.parametrize(("text", "language"), LANGUAGES)
def test_languages(text, language):
    assert language_of(text) == language


def test_share_of_other_letters():
    assert other_script_share("") == other_script_share("Crème brûlée 12 oz") == 0
    assert other_script_share("緑茶ab") == pytest.approx(0.5)
    assert other_script_share("чай") == 1
