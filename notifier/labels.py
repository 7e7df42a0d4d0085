"""The few words of ours in an alert, in the languages of the interface. Pure.

What a story says stays in its own language; dates, sums and countries are Babel's.
"""

from __future__ import annotations

DEFAULT = "en"
LANGUAGES = ("en", "fr", "de", "es")

_LABELS: dict[str, tuple[str, str, str, str]] = {
    "untitled": ("(untitled)", "(sans titre)", "(ohne Titel)", "(sin título)"),
    "others": ("{0} and others", "{0} et d'autres", "{0} und andere", "{0} y otros"),
    "source": ("+{0} source", "+{0} source", "+{0} Quelle", "+{0} fuente"),
    "sources": ("+{0} sources", "+{0} sources", "+{0} Quellen", "+{0} fuentes"),
    "official": ("official source", "source officielle", "amtliche Quelle", "fuente oficial"),
    "social": (
        "social only so far", "réseaux sociaux seulement pour l'instant", "bisher nur soziale Medien", "por ahora solo redes sociales",
    ),
    "off": ("called off or ended", "annulé ou terminé", "abgesagt oder beendet", "cancelado o terminado"),
    "buyer": ("buyer: {0}", "acheteur : {0}", "Auftraggeber: {0}", "comprador: {0}"),
    "supplier": ("supplier: {0}", "fournisseur : {0}", "Auftragnehmer: {0}", "proveedor: {0}"),
    "rule": ("rule {0}", "règle {0}", "Regel {0}", "regla {0}"),
    "rules": ("rules {0}", "règles {0}", "Regeln {0}", "reglas {0}"),
    "planning": ("planning", "projet", "Planung", "planificación"),
    "tender": ("tender", "appel d'offres", "Ausschreibung", "licitación"),
    "award": ("award", "attribution", "Zuschlag", "adjudicación"),
    "contract": ("contract", "contrat", "Vertrag", "contrato"),
    "amended": ("amended", "modifié", "geändert", "modificado"),
    "ended": ("ended", "terminé", "beendet", "terminado"),
    "low": ("low", "faible", "niedrig", "baja"),
    "normal": ("normal", "normale", "normal", "normal"),
    "high": ("high", "élevée", "hoch", "alta"),
    "critical": ("critical", "critique", "kritisch", "crítica"),
    "rise": ("now {0}, was {1}", "désormais {0}, avant {1}", "jetzt {0}, vorher {1}", "ahora {0}, antes {1}"),
    "confirmed": ("confirmed by {0}", "confirmé par {0}", "bestätigt von {0}", "confirmado por {0}"),
    "bundle": ("{0} alerts", "{0} alertes", "{0} Meldungen", "{0} alertas"),
    "mute": ("Mute {0}", "Couper {0}", "{0} stumm", "Silenciar {0}"),
    "all sources": ("Sources ({0})", "Sources ({0})", "Quellen ({0})", "Fuentes ({0})"),
    "budget": (
        "Today's {0} alerts are spent. What else comes today is in your digest.",
        "Les {0} alertes du jour sont épuisées. Le reste de la journée sera dans votre synthèse.",
        "Die {0} Meldungen für heute sind verbraucht. Was heute noch kommt, steht in Ihrer Übersicht.",
        "Las {0} alertas de hoy se han agotado. Lo demás que llegue hoy estará en su resumen.",
    ),
    "budget without digest": (
        "Today's {0} alerts are spent. /latest shows what else comes today; /digest 08:00 would bring it each morning.",
        "Les {0} alertes du jour sont épuisées. /latest montre la suite ; /digest 08:00 l'apporterait chaque matin.",
        "Die {0} Meldungen für heute sind verbraucht. /latest zeigt, was noch kommt; /digest 08:00 brächte es jeden Morgen.",
        "Las {0} alertas de hoy se han agotado. /latest muestra lo demás; /digest 08:00 lo traería cada mañana.",
    ),
}  # fmt: skip


def language(tag: str) -> str:
    """The language of the interface for a tag such as `pt-BR`; English for those that we do not speak."""
    short = tag.lower().replace("_", "-").split("-")[0]
    return short if short in LANGUAGES else DEFAULT


def label(name: str, lang: str, *words: object) -> str:
    """The label of that name in the language of a tag, with these words in it; raises KeyError for a name that is none."""
    return _LABELS[name][LANGUAGES.index(language(lang))].format(*words)


def known(name: str) -> bool:
    """Whether there is a label of this name."""
    return name in _LABELS
