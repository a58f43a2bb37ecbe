"""The web page in a real browser, over the generated world: what a person does, and what they then see."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from support.browsing import CONTRASTS, NEEDS_CHROMIUM, NOW_S, opened, serving
from support.questions import World
from support.questions.pictures import Person, to_jpeg
from support.questions.world import LOOKS, room

from serving.drawing import LEAST_HEIGHT_PX

TWO_PEOPLE = to_jpeg(room("entrance", (Person(LOOKS[0], (200, 330), 240), Person(LOOKS[5], (420, 320), 180))).draw())
NOBODY = to_jpeg(room("entrance", ()).draw())

pytestmark = [NEEDS_CHROMIUM]


@pytest.fixture
def page(context: BrowserContext, address: str) -> Iterator[Page]:
    with opened(context, address) as page:
        yield page


def choose(page: Page, data: bytes, name: str = "query.jpg") -> None:
    page.locator("#file").set_input_files({"name": name, "mimeType": "image/jpeg", "buffer": data})


def cards(page: Page) -> list[str]:
    return page.locator("a.card").evaluate_all("links => links.map(link => link.dataset.like)")


def pixels(page: Page) -> list[str]:
    """A digest of the first pictures of people on the page, the one asked for first."""
    return list(
        page.evaluate(
            """async () => Promise.all([...document.querySelectorAll("img[data-crop]")].slice(0, 4).map(async (image) => {
                const bytes = await (await fetch(image.src)).arrayBuffer();
                const digest = await crypto.subtle.digest("SHA-256", bytes);
                return [...new Uint8Array(digest)].join();
            }))"""
        )
    )


def test_recent_sightings_first(page: Page) -> None:
    expect(page.get_by_role("heading", name="Recent sightings")).to_be_visible()
    expect(page.locator("a.card")).to_have_count(24)
    first = page.locator("a.card").first
    expect(first).to_contain_text(re.compile(r"\d\d:\d\d:\d\d (CET|GMT\+1)"))
    expect(first.locator("img")).to_have_js_property("complete", True)
    assert first.locator("img").evaluate("image => image.naturalWidth") > 0

    page.get_by_role("button", name="Show more").click()
    expect(page.locator("a.card")).to_have_count(48)
    assert len(set(cards(page))) == 48


def test_a_picture_finds_the_largest_person(page: Page, world: World) -> None:
    choose(page, TWO_PEOPLE)

    expect(page.get_by_role("heading", name="Matches")).to_be_visible()
    expect(page.get_by_role("button", name="Person 1 of 2")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("button", name="Person 2 of 2")).to_have_attribute("aria-pressed", "false")
    expect(page.locator(".score")).to_have_count(24)
    assert frames_of(world, cards(page)[:2]) == {"walk-0-0", "walk-0-1"}
    scores = [float(text) for text in page.locator(".score b").all_text_contents()]
    assert scores == sorted(scores, reverse=True)


def test_the_other_person_by_a_click_and_back_again(page: Page, world: World) -> None:
    choose(page, TWO_PEOPLE)
    expect(page.locator(".score")).to_have_count(24)
    before = cards(page)

    page.get_by_role("button", name="Person 2 of 2").click()
    expect(page.get_by_role("button", name="Person 2 of 2")).to_have_attribute("aria-pressed", "true")
    assert frames_of(world, cards(page)[:2]) == {"walk-5-0", "walk-5-1"}

    page.go_back()
    expect(page.get_by_role("button", name="Person 1 of 2")).to_have_attribute("aria-pressed", "true")
    assert cards(page) == before


def test_a_box_drawn_with_the_mouse(page: Page, world: World) -> None:
    choose(page, TWO_PEOPLE)
    expect(page.locator(".score")).to_have_count(24)
    frame = page.locator("#canvas").bounding_box()
    assert frame is not None
    scale = frame["width"] / 640

    page.mouse.move(frame["x"] + 381 * scale, frame["y"] + 135 * scale)
    page.mouse.down()
    page.mouse.move(frame["x"] + 458 * scale, frame["y"] + 331 * scale, steps=4)
    page.mouse.up()

    expect(page).to_have_url(re.compile("box="))
    expect(page.locator("#results")).to_have_attribute("aria-busy", "false")
    assert frames_of(world, cards(page)[:2]) == {"walk-5-0", "walk-5-1"}


def test_a_picture_dropped_on_the_page(page: Page) -> None:
    transfer = page.evaluate_handle(
        """data => {
            const bytes = Uint8Array.from(data);
            const transfer = new DataTransfer();
            transfer.items.add(new File([bytes], "dropped.jpg", { type: "image/jpeg" }));
            return transfer;
        }""",
        list(TWO_PEOPLE),
    )
    page.dispatch_event("body", "dragover", {"dataTransfer": transfer})
    expect(page.get_by_text("Drop the picture to look")).to_be_visible()
    page.dispatch_event("body", "drop", {"dataTransfer": transfer})

    expect(page.get_by_role("button", name="Person 1 of 2")).to_be_visible()
    expect(page.get_by_text("Drop the picture to look")).to_be_hidden()


def test_a_pasted_picture(page: Page) -> None:
    page.evaluate(
        """data => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([Uint8Array.from(data)], "pasted.jpg", { type: "image/jpeg" }));
            document.dispatchEvent(new ClipboardEvent("paste", { clipboardData: transfer, bubbles: true }));
        }""",
        list(TWO_PEOPLE),
    )

    expect(page.get_by_role("button", name="Person 1 of 2")).to_be_visible()


def test_nobody_in_the_picture_and_the_next_step(page: Page) -> None:
    choose(page, NOBODY)

    expect(page.get_by_text("Nobody was found in the picture")).to_be_visible()
    page.locator("#message").get_by_role("button", name="Whole picture").click()
    expect(page.locator(".score")).to_have_count(24)
    expect(page.locator("#whole")).to_have_attribute("aria-pressed", "true")


def test_what_is_no_picture(page: Page) -> None:
    choose(page, b"not a picture", "notes.jpg")

    expect(page.locator("#message")).to_contain_text("JPEG, PNG or WebP")
    expect(page.get_by_role("button", name="Try again")).to_be_visible()


def test_more_like_a_match_then_back(page: Page) -> None:
    choose(page, TWO_PEOPLE)
    expect(page.locator(".score")).to_have_count(24)
    before = cards(page)

    page.locator("a.card").nth(1).click()
    expect(page).to_have_url(re.compile(f"like={before[1]}"))
    expect(page.locator("#asked-crop")).to_be_visible()
    expect(page.locator("#asked-caption")).to_contain_text(re.compile(r"\d\d:\d\d:\d\d"))
    expect(page.locator("#results")).to_have_attribute("aria-busy", "false")
    assert before[1] not in cards(page)

    page.go_back()
    expect(page.locator("#picture")).to_be_visible()
    expect(page.locator("#results")).to_have_attribute("aria-busy", "false")
    assert cards(page) == before


def test_a_link_to_a_question_can_be_opened_again(page: Page, address: str) -> None:
    page.locator("a.card").first.click()
    expect(page.locator(".score").first).to_be_visible()
    expect(page.locator("#results")).to_have_attribute("aria-busy", "false")
    found = cards(page)

    page.goto(page.url)
    expect(page.locator(".score").first).to_be_visible()
    assert cards(page) == found

    page.goto(f"{address}/?picture=1")
    expect(page.locator("#message")).to_contain_text("Choose it again")


def test_filters_by_camera_score_and_time(page: Page) -> None:
    choose(page, TWO_PEOPLE)
    expect(page.locator(".score")).to_have_count(24)

    page.get_by_text("hall-east", exact=True).first.click()
    expect(page).to_have_url(re.compile("camera=hall-east"))
    expect(page.locator("#results")).to_have_attribute("aria-busy", "false")
    assert set(page.locator("a.card strong").all_text_contents()) == {"hall-east"}

    page.get_by_label("At least this alike").fill("0.8")
    expect(page.locator("#min-score")).to_have_text("0.80")
    expect(page).to_have_url(re.compile("min=0.80"))
    expect(page.locator("#results")).to_have_attribute("aria-busy", "false")
    assert page.locator("a.card").count() == 1

    page.get_by_label("Until").fill("2020-01-01T00:00:00")
    page.get_by_label("Until").blur()
    expect(page.get_by_role("heading", name="No match")).to_be_visible()
    expect(page.locator("#filter-count")).to_have_text("2")

    page.get_by_role("button", name="Reset the filters").click()
    expect(page.locator(".score")).to_have_count(24)


def test_one_match_for_each_track_or_all(page: Page, world: World) -> None:
    page.locator("a.card").first.click()
    expect(page.locator(".score")).to_have_count(24)
    tracks = [sighting.track for sighting in world.gallery.get(cards(page))]
    assert len(set(tracks)) == 24

    page.get_by_label("One match for each track").uncheck()
    expect(page).to_have_url(re.compile("group=0"))
    expect(page.locator("#results")).to_have_attribute("aria-busy", "false")
    tracks = [sighting.track for sighting in world.gallery.get(cards(page))]
    assert len(set(tracks)) < 24


def test_the_keyboard_alone(page: Page) -> None:
    page.keyboard.press("/")
    expect(page.locator("#file")).to_be_focused()

    page.keyboard.press("ArrowRight")
    expect(page.locator("a.card").nth(0)).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(page.locator("a.card").nth(1)).to_be_focused()
    page.keyboard.press("ArrowDown")
    below = page.evaluate("document.activeElement.getBoundingClientRect().top")
    first_row = page.locator("a.card").nth(1).bounding_box()
    assert first_row is not None
    assert below > first_row["y"] + first_row["height"] / 2
    page.keyboard.press("ArrowUp")
    expect(page.locator("a.card").nth(1)).to_be_focused()
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"

    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Matches")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("heading", name="Recent sightings")).to_be_visible()


def test_box_skeleton_and_body_parts_are_drawn_on_request(page: Page) -> None:
    page.locator("a.card").first.click()
    expect(page.locator(".score").first).to_be_visible()
    expect(page.locator("#results")).to_have_attribute("aria-busy", "false")
    group = page.get_by_role("group", name="Draw over the pictures")
    found, plain = cards(page), pixels(page)

    for name, layer in (("Box", "box"), ("Skeleton", "box,skeleton"), ("Body parts", "box,skeleton,parts")):
        button = group.get_by_role("button", name=name)
        expect(button).to_have_attribute("aria-pressed", "false")
        button.click()
        expect(button).to_have_attribute("aria-pressed", "true")
        expect(page).to_have_url(re.compile(f"draw={layer.replace(',', '%2C')}(&|$)"))
        drawn = pixels(page)
        assert set(drawn).isdisjoint(plain), f"{layer}: some picture is as it was"
        plain = drawn
    expect(page.locator("#asked-crop")).to_have_js_property("naturalHeight", LEAST_HEIGHT_PX)
    assert cards(page) == found, "the question was not to be asked again"
    expect(page.locator("#layers-note")).to_be_empty()

    page.reload()
    expect(group.get_by_role("button", name="Skeleton")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#asked-crop")).to_have_attribute("src", re.compile(r"\?draw=box,skeleton,parts$"))


def test_layers_by_the_keyboard(page: Page) -> None:
    page.locator("a.card").first.focus()
    for key, name in (("s", "Skeleton"), ("p", "Body parts"), ("b", "Box")):
        button = page.get_by_role("button", name=name)
        page.keyboard.press(key)
        expect(button).to_have_attribute("aria-pressed", "true")
        page.keyboard.press(key)
        expect(button).to_have_attribute("aria-pressed", "false")
    page.get_by_label("From").focus()
    page.keyboard.press("p")
    expect(page.get_by_role("button", name="Body parts")).to_have_attribute("aria-pressed", "false")


def test_what_is_not_known_of_the_person_asked_for_is_said(page: Page, world: World) -> None:
    page.route("**/v1/sightings/*", lambda route: route.fulfill(json={**route.fetch().json(), "drawable": ["box"]}))
    page.locator("a.card").first.click()
    expect(page.locator(".score").first).to_be_visible()
    page.get_by_role("button", name="Skeleton").click()
    expect(page.locator("#layers-note")).to_have_text("Not known of the person asked for: skeleton.")


def test_cards_tell_the_evidence(page: Page) -> None:
    choose(page, TWO_PEOPLE)
    expect(page.locator(".score")).to_have_count(24)
    expect(page.locator(".evidence").first).to_have_text("upper colour red")
    expect(page.locator("a.card").first).to_have_accessible_name(re.compile("alike .*upper colour red: more like this"))


def test_cameras_are_live_or_quiet(page: Page) -> None:
    strip = page.get_by_role("group", name=re.compile("Cameras"))

    expect(strip.locator("label").filter(has_text="entrance")).to_contain_text("12.5 fps · 0.2 s")
    expect(strip.locator("label").filter(has_text="car-park")).to_contain_text("quiet for 2 min")
    expect(strip.locator(".dot.live")).to_have_count(3)


def test_names_from_outside_are_text(page: Page) -> None:
    hostile = {"camera": "<img src=x onerror=alert(1)>", "fps": 0, "lag_s": None, "shed": {}, "seen": 0, "sightings": 0}
    page.route("**/v1/cameras", lambda route: route.fulfill(json={"cameras": [hostile]}))
    page.reload()

    expect(page.get_by_text("<img src=x onerror=alert(1)>")).to_be_visible()
    expect(page.locator("#camera-list img")).to_have_count(0)


def test_a_server_that_is_away(page: Page) -> None:
    page.route("**/v1/search", lambda route: route.abort())
    choose(page, TWO_PEOPLE)
    expect(page.get_by_text("The server does not answer")).to_be_visible()

    page.unroute("**/v1/search")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".score")).to_have_count(24)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 768, 1280])
def test_every_size_and_colour_scheme(browser: Browser, address: str, scheme: str, width: int, tmp_path: Path) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)  # type: ignore[arg-type]
    with opened(context, address) as page:
        choose(page, TWO_PEOPLE)
        expect(page.locator(".score")).to_have_count(24)
        page.screenshot(path=tmp_path / f"{scheme}-{width}.png")
        assert page.evaluate("document.documentElement.scrollWidth") == width, "the page scrolls sideways"
        assert page.evaluate(CONTRASTS) == []
    context.close()


def test_an_empty_gallery_says_what_to_do(browser: Browser) -> None:
    context = browser.new_context()
    with serving(World(lambda: NOW_S)) as address, opened(context, address) as page:
        expect(page.get_by_text("Nobody has been seen yet")).to_be_visible()
        expect(page.get_by_text("sightline publish")).to_be_visible()
    context.close()


def frames_of(world: World, sighting_ids: list[str]) -> set[str]:
    return {sighting.frame_id.rsplit("-", 1)[0] for sighting in world.gallery.get(sighting_ids)}
