"""When something may reach a person, and how they are spoken to: /quiet, /budget, /urgency, /digest, /timezone, /language."""

from __future__ import annotations

from dataclasses import replace

from notifier.bot import grammar, pages
from notifier.bot.turn import Answer, Turn
from notifier.subscribers import DIGEST_AT
from notifier.tongue import LANGUAGES
from notifier.wishes import Tier, Wishes, rank
from rules.spec import SEVERITIES

UNSET = "UTC"  # the zone of whoever named none


def quiet(turn: Turn) -> Answer:
    """Hours in which nothing rings."""
    text = turn.intent.text
    if not text:
        return Answer(say=pages.show(turn, "quiet"))
    if grammar.is_off(text):
        return turn.after(replace(turn.wishes, quiet=None)).say("quiet.off")
    hours, stray = grammar.quiet_hours(text, turn.wishes.tz)
    if stray:
        return _no_zone(turn, stray)
    if hours is None:
        return turn.say("quiet.how")
    there = turn.after(_in_zone(replace(turn.wishes, quiet=hours), hours.tz))
    return there.say("quiet.done", start=hours.start, end=hours.end, tz=hours.tz)


def budget(turn: Turn) -> Answer:
    """So many alerts a day, the rest in the digest."""
    text = turn.intent.text
    if not text:
        return Answer(say=pages.show(turn, "budget"))
    if grammar.is_off(text):
        return turn.after(replace(turn.wishes, budget=None)).say("budget.off")
    most = grammar.budget(text)
    if most is None:
        return turn.say("budget.how")
    there = turn.after(with_digest(replace(turn.wishes, budget=most)))
    return there.say("budget.done", n=most, at=there.wishes.digest_at or "", tz=there.person.tz)


def urgency(turn: Turn) -> Answer:
    """How soon alerts of each severity may come: `/urgency high bundle`, or the page with its buttons."""
    words = turn.intent.text.lower().split()
    if not words:
        return Answer(say=pages.show(turn, "urgency"))
    if len(words) != 2 or words[0] not in SEVERITIES or words[1] not in set(Tier):
        return turn.say("urgency.how")
    wishes = with_tier(turn.wishes, words[0], Tier(words[1]))
    there = turn.after(wishes)
    return there.say(f"urgency.{words[1]}", severity=there.t.severity(words[0]))


def digest(turn: Turn) -> Answer:
    """The daily summary: its hour, zone and weekdays."""
    text = turn.intent.text
    if not text:
        return Answer(say=pages.show(turn, "digest"))
    if grammar.is_off(text):
        return turn.after(replace(turn.wishes, digest_at=None)).say("digest.off")
    asked = grammar.daily(text)
    if asked.stray:
        return _no_zone(turn, asked.stray) if "/" in asked.stray or asked.stray[:1].isupper() else turn.say("digest.how", said=asked.stray)
    wishes = turn.wishes
    wishes = replace(
        wishes, digest_at=asked.at or wishes.digest_at or DIGEST_AT, tz=asked.tz or wishes.tz,
        digest_days=wishes.digest_days if asked.days is None else asked.days,
    )  # fmt: skip
    there = turn.after(wishes)
    return there.say("digest.done", when=pages.digest_hours(there))


def timezone(turn: Turn) -> Answer:
    """The clock that everything is told by."""
    text = turn.intent.text
    if not text:
        return turn.say("zone.is", tz=turn.person.tz, clock=turn.t.clock(turn.now, turn.person.tz))
    named = grammar.zone(text)
    if named is None:
        return _no_zone(turn, text)
    quiet_hours = turn.wishes.quiet
    there = turn.after(replace(turn.wishes, tz=named, quiet=replace(quiet_hours, tz=named) if quiet_hours else None))
    return there.say("zone.done", tz=named, clock=there.t.clock(turn.now, named))


def language(turn: Turn) -> Answer:
    """The language that they are spoken to in."""
    asked = turn.intent.text.strip().lower()
    if not asked:
        return Answer(say=pages.show(turn, "lang"))
    code = next((c for c, name in LANGUAGES.items() if asked in {c, name.lower()}), None)
    if code is None:
        return turn.say("language.how", languages=turn.t.several([f"{c} ({n})" for c, n in LANGUAGES.items()], either=True))
    return turn.after(replace(turn.wishes, lang=code)).say("language.done")


def with_tier(wishes: Wishes, severity: str, tier: Tier) -> Wishes:
    """The wishes with this tier for a severity; what goes to the digest needs one."""
    tiers = list(wishes.tiers)
    tiers[rank(severity)] = tier
    low, normal, high, critical = tiers
    there = replace(wishes, tiers=(low, normal, high, critical))
    return with_digest(there) if tier is Tier.DIGEST else there


def with_digest(wishes: Wishes) -> Wishes:
    """The wishes with an hour for the digest, which is where alerts go that do not ring."""
    return wishes if wishes.digest_at else replace(wishes, digest_at=DIGEST_AT)


def _in_zone(wishes: Wishes, tz: str) -> Wishes:
    """Whoever named no zone before lives in the first that they name."""
    return replace(wishes, tz=tz) if wishes.tz == UNSET else wishes


def _no_zone(turn: Turn, asked: str) -> Answer:
    near = grammar.near_zones(asked)
    return turn.say("zone.near", asked=asked, near=turn.t.several(near, either=True)) if near else turn.say("zone.unknown", asked=asked)
