import numpy as np
import pytest

from podium.pricing.same_text_prices import SameTextPrices

PAIRS = 40


def texts_of(numbers):
    return [f"Item Name: Tea {number}\nValue: 20\nUnit: Count\n" for number in numbers]


@pytest.fixture
def listed_twice():
    """Each text twice, at prices that a factor of 1.1 divides, and predictions of their middle."""
    rng = np.random.default_rng(3)
    price = np.exp(rng.normal(2.5, 1, PAIRS)).repeat(2) * np.tile([1, 1.1], PAIRS)
    return texts_of(np.arange(PAIRS).repeat(2)), price, np.full(2 * PAIRS, 12.0)


def test_a_known_text_is_drawn_to_its_price_and_another_is_not(listed_twice):
    texts, prices, predicted = listed_twice
    fitted = SameTextPrices().fit(texts, prices, predicted)
    assert fitted.judged_rows_ == 2 * PAIRS
    assert fitted.weight_ > 0.8
    drawn = fitted.draw(
        ["item name: TEA 0;\nValue: 20\nUnit: count", *texts_of([99])], predicted[:2]
    )
    middle = np.log(prices[:2]).mean()
    expected = np.exp(fitted.weight_ * middle + (1 - fitted.weight_) * np.log(12))
    assert drawn == pytest.approx([expected, 12])


def test_the_weight_is_none_where_copies_say_nothing():
    rng = np.random.default_rng(4)
    predicted = np.exp(rng.normal(2.5, 1, 2 * PAIRS))
    prices = predicted * np.exp(rng.normal(0, 0.05, 2 * PAIRS))
    fitted = SameTextPrices().fit(texts_of(np.arange(PAIRS).repeat(2)), prices, predicted)
    assert fitted.weight_ == 0


def test_a_row_is_not_judged_by_its_own_price():
    """Were it, the mean of two would be nearer than a prediction between the two."""
    prices, texts = np.tile([5.0, 80.0], PAIRS), texts_of(np.arange(PAIRS).repeat(2))
    fitted = SameTextPrices().fit(texts, prices, np.full(2 * PAIRS, 20.0))
    assert fitted.weight_ == 0


def test_with_few_copies_nothing_is_looked_up(listed_twice):
    texts, prices, predicted = listed_twice
    fitted = SameTextPrices(least_rows=2 * PAIRS + 1).fit(texts, prices, predicted)
    assert fitted.draw(texts, predicted).tolist() == predicted.tolist()
    with pytest.raises(ValueError, match="least_rows"):
        SameTextPrices(least_rows=0)


def test_texts_without_a_word_are_not_the_same_product():
    prices, predicted = np.array([1.0] * 40 + [50.0]), np.full(41, 20.0)
    fitted = SameTextPrices().fit(["", None] * 20 + ["Item Name: a"], prices, predicted)
    assert fitted.judged_rows_ == 0
    assert fitted.draw([""], np.array([20.0])).tolist() == [20.0]
