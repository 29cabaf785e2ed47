"""The brand that a product title begins with, as far as the words tell.

Catalogues of groceries begin a title with the brand and go on with what the thing is. So the brand
is what stands before the first word that names a product, a property or an amount. Statistics of
brands belong to the folds; nothing here has seen a price.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from podium.pricing.quantities import MOST_CHARACTERS

#: A brand has no more words.
MOST_WORDS = 4

_PRODUCTS = """
    agave almond almonds antibiotic apple apples apricot apricots asparagus assorted authentic
    avocado bacon bag bagel bags baking balls balm balsamic banana bananas bar barbecue barley
    bars base basil basket baskets bath batter bbq beads bean beans beef beer beet berries berry
    beverage beverages birthday biscuit biscuits bites black blanched blend blue blueberry boots
    bottle bourbon bowl box bran bread breakfast brew broccoli broth brown brownie brownies bubble
    bulk bun buns butter buttermilk cable cacao cake cakes can candies candle candy cane canned
    caps capsules caramel caramels cardamom case cashew cashews caviar cayenne cereal chai
    chamomile charger cheddar cheese cheesecake cherries cherry chia chicken chickpeas chili
    chilies chips chive chives chocolate chocolates chowder christmas cider cinnamon citrus clam
    classic cleaner clove cloves coating cocktail cocoa coconut cod coffee cold collection color
    coloring combination combo compound concentrate condensed condiment confetti cookie cookies
    cooking coriander corn cotton count cover covered crab cracker crackers cranberries cranberry
    cream creamer creamy creme creole crisps croutons crunch crunchy crushed ct cucumber culinary
    cumin cup cupcake cups curry custard dairy dark date dates decaf decorations dehydrated deluxe
    diced dietary dill dip dog donuts double dough dressing dried drink drinks drops dry dumplings
    egg eggs emergency energy enhancer espresso essence european extra extract fat fennel
    fermented filter fish flakes flavor flavored flavoring flax flour flowers food foods for
    freeze french fresh frosting frozen fruit fruits fudge fully garlic gel gelatin gift ginger
    ginseng girls gluten gold golden gourmet grade grain granola grape grapefruit grapes grass-fed
    gravy green grind ground gum gumballs gummies gummy ham hand hard hazelnut hazelnuts healthy
    herb herbal herbs hibiscus high honey hot hulled ice iced icing imported in infused infusion
    instant italian jalapeno jam jar jasmine jelly jerky juice kale keto kit kombucha kosher large
    lavender leaf leaves lemon lemonade lentil lentils licorice light lime liquid lobster
    lollipops loose low macadamia macaroni mango maple margarita marinade marmalade marshmallow
    matcha mayonnaise meal meat melon men mens mild milk millet mini mint mints miso mix mixed
    mixer molasses mozzarella muffin muffins mug mushroom mushrooms mustard natural non non-gmo
    noodle noodles nori nougat nut nutmeg nutrition nutritional nuts oat oatmeal oats oil old
    olive olives onion oolong orange oregano organic original orzo oyster oysters pack packets
    pallet pan pancake paper paprika parmesan parsley pasta paste pastries pastry patties pcs
    peach peanut peanuts pear peas pecan pecans peeled pepper peppercorns peppermint peppers pesto
    phone pickle pickled pickles pie piece pieces pineapple pink pistachio pistachios pita pitted
    pizza plain plant plum pods popcorn pork portion potato potatoes powder powdered premium
    pretzel pretzels protein prunes pudding pumpkin punch pure puree quinoa raisin raisins ramen
    ranch raspberries raspberry raw ready real red refried regenerative relish rice roast roasted
    roe roll rolls rooibos roots rosemary roses round rub rye saffron sage salad salami salmon
    salsa salt salted sardines sauce sausage scone scones sea seasoned seasoning seasonings
    seaweed seed seeds sesame set shake shelled shirt shoes shot shots shrimp silver single sliced
    smoked smoothie snack snacks soda soft soup soups sour soy spaghetti sparkling spice spiced
    spices spicy spinach spray spread spring sprinkles steak stevia stick sticks stock straw
    strawberries strawberry stuffed style sugar summer sunflower super superfood supplement
    supreme sushi sweet sweetened sweetener syrup taco tamarind tea teas teriyaki thyme toffee
    tomato tomatoes topping tortilla tortillas trail tropical truffle truffles tuna turkey
    turmeric ultra unbleached unsalted unsweetened vanilla variety vegan vegetable vegetables very
    vinegar vitamin vodka wafer wafers walnut walnuts wasabi water wheat whey whipped white whole
    wild wine women womens wood yeast yellow yerba yogurt zero
"""
_PRODUCT_WORDS = frozenset(_PRODUCTS.split())
_OPENERS = frozenset({"generic", "new", "the", "a", "an", "amazon.com", "by", "with", "and", "of"})
_CONNECTORS = frozenset({"to", "of", "and", "the", "&", "de", "o", "in", "on", "n"})
_LABEL = re.compile(
    r"(?:^|\n)\s*(?:brand(?: name)?|manufacturer)\s*[:\-]\s*"
    r"([^\n|;.,:]{2,40}?)(?=\s*(?:[\n|;.,]|$)|\s+\w+:)",
    re.IGNORECASE,
)
#: "Tarragon Leaves by Its Delish, 20 lbs": words with a capital after "by".
_BY = re.compile(r"\s[bB]y ((?:[A-Z][\w'’.&-]*)(?: (?:[A-Z][\w'’.&-]*|of|the|and|&)){0,3})")
_STOP = re.compile(r"\s[-–—|]+\s|[,(|:;\[{!]|\s-+|\s\d")
_WORD = re.compile(r"[^\W_][\w'’.&®™-]*", re.UNICODE)
_MARKS = str.maketrans("’", "'", "®™©")


def brand_of(title: str, bullets: str = "") -> str | None:
    """Guess a brand; none where title and bullets name none.

    Args:
        title: The item's name.
        bullets: Texts of the bullet points, a line each; a line "Manufacturer: X" counts.

    Returns:
        The brand in lower case without marks, so that its spellings meet.
    """
    if labelled := _LABEL.search(bullets):
        return _tidy(labelled[1])
    # The house brands of the shop follow its name.
    title = title[:MOST_CHARACTERS].strip().removeprefix("Amazon Brand - ")
    words, begins = _leading_words(title)
    if begins and len(words) <= MOST_WORDS:
        return _tidy(" ".join(words))
    if named := _BY.search(title):
        return _tidy(named[1])
    # A long run of unknown words: the first two are the likeliest to come again.
    most = 3 if len(words) > 1 and words[1].lower() in _CONNECTORS else 2
    return _tidy(" ".join(words[:most])) if len(words) > 1 else None


def _leading_words(title: str) -> tuple[list[str], bool]:
    """The words before the first stop or product, and whether they begin like a brand.

    A brand may itself begin with a product ("Food to Live"), but then needs another word.
    """
    stop = _STOP.search(title)
    words = _WORD.findall(title[: stop.start()] if stop else title)
    while words and words[0].lower() in _OPENERS:
        words = words[1:]
    ends = [place for place, word in enumerate(words) if _is_product(word)]
    begins = bool(words) and ends[:1] != [0]
    ends = [place for place in ends if place > 0]
    return words[: ends[0]] if ends else words, begins


def _is_product(word: str) -> bool:
    plain = word.lower().translate(_MARKS).rstrip(".").removesuffix("'s")
    return plain in _PRODUCT_WORDS or plain[0].isdigit()


def _tidy(brand: str) -> str | None:
    words = brand.translate(_MARKS).lower().replace(".", "").split()
    return " ".join(words).strip(" '-&") or None


def brands(titles: Sequence[str], bullets: Sequence[str]) -> list[str | None]:
    """The brand of each title; see `brand_of`."""
    return [brand_of(title, lines) for title, lines in zip(titles, bullets, strict=True)]
