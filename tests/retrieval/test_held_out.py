"""Held-out images, and the plan of their photos."""

import numpy as np
import pytest

from podium.retrieval.held_out import choose_held_out, plan_photos


def test_only_usable_images_are_held_out_and_no_more_than_asked():
    usable = np.arange(50) % 2 == 0
    held_out = choose_held_out(usable, 10, 0.2, 3)
    assert held_out.sum() == 5 and not (held_out & ~usable).any()
    assert choose_held_out(usable, 3, 0.2, 3).sum() == 3
    assert not np.array_equal(held_out, choose_held_out(usable, 10, 0.2, 4))
    with pytest.raises(ValueError, match="1 of 1 usable"):
        choose_held_out(np.ones(1, dtype=bool), 10, 0.2, 3)


def test_one_image_is_held_out_where_the_share_is_less():
    usable = np.arange(9) > 6
    held_out = choose_held_out(usable, 10, 0.2, 3)
    assert held_out.sum() == 1 and (held_out & usable).any()


def test_every_image_has_mixed_photos_of_each_strength_and_one_of_each_effect():
    plan = plan_photos(["b.jpg", "a.jpg", "c.jpg"])
    assert plan["photo_name"].is_monotonic_increasing and plan["photo_name"].is_unique
    for _, part in plan.groupby("image_name"):
        mixed = part[part["effect"] == "mixed"]
        assert sorted(mixed["strength"]) == [1, 2, 3]
        assert (part["effect"].value_counts().drop("mixed") == 1).all()
    single = plan[plan["effect"] != "mixed"]
    assert (single.groupby("effect")["strength"].agg(set) == {1, 2, 3}).all()


def test_the_strength_of_single_effects_goes_round():
    plan = plan_photos(["a.jpg", "b.jpg"], ("mixed", "blur", "light", "crop"))
    single = plan[plan["effect"] != "mixed"].set_index(["image_name", "effect"])["strength"]
    assert single["a.jpg"].to_dict() == {"blur": 2, "light": 3, "crop": 1}
    assert single["b.jpg"].to_dict() == {"blur": 3, "light": 1, "crop": 2}
