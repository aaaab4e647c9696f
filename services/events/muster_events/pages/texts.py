"""What the guest page says, in the languages there are. Titles, descriptions and names stay as they were written."""

from dataclasses import dataclass
from typing import Final

from muster_events.events.models import Kind


@dataclass(frozen=True)
class Texts:
    """Every text of the guest page in one language; `over` and `cancelled` by the kind of event."""

    skip: str
    join: str
    map: str
    about: str
    progress: str
    booked: str
    on_the_way: str
    arrived: str
    done: str
    photos: str
    photos_fallback: str
    draft: str
    cancelled: dict[Kind, str]
    over: dict[Kind, str]
    foot: str


_ENGLISH: Final = Texts(
    skip="Skip to content",
    join="Join",
    map="Map",
    about="About",
    progress="Progress",
    booked="Booked",
    on_the_way="On the way",
    arrived="Arrived",
    done="Done",
    photos="Photos",
    photos_fallback="Photos are shown and added here when the gallery can be reached.",
    draft="This page is a draft: nothing on it is final.",
    cancelled={
        Kind.CHARTER: "This charter was cancelled.",
        Kind.JOB: "This job was cancelled.",
        Kind.MEETUP: "This event was cancelled.",
    },
    over={
        Kind.CHARTER: "This charter is over. Thank you for being there.",
        Kind.JOB: "This job is over. Thank you for being there.",
        Kind.MEETUP: "This event is over. Thank you for being there.",
    },
    foot="Made with Muster",
)
_GERMAN: Final = Texts(
    skip="Zum Inhalt",
    join="Teilnehmen",
    map="Karte",
    about="Worum es geht",
    progress="Stand",
    booked="Gebucht",
    on_the_way="Unterwegs",
    arrived="Angekommen",
    done="Fertig",
    photos="Fotos",
    photos_fallback="Hier werden Fotos gezeigt und hinzugefügt, sobald die Galerie erreichbar ist.",
    draft="Diese Seite ist ein Entwurf: Nichts darauf steht fest.",
    cancelled={
        Kind.CHARTER: "Diese Fahrt wurde abgesagt.",
        Kind.JOB: "Dieser Auftrag wurde abgesagt.",
        Kind.MEETUP: "Diese Veranstaltung wurde abgesagt.",
    },
    over={
        Kind.CHARTER: "Diese Fahrt ist vorbei. Danke, dass Sie dabei waren.",
        Kind.JOB: "Dieser Auftrag ist erledigt. Vielen Dank.",
        Kind.MEETUP: "Diese Veranstaltung ist vorbei. Danke, dass Sie dabei waren.",
    },
    foot="Gemacht mit Muster",
)
_FRENCH: Final = Texts(
    skip="Aller au contenu",
    join="Participer",
    map="Plan",
    about="À propos",
    progress="Avancement",
    booked="Réservé",
    on_the_way="En route",
    arrived="Arrivé",
    done="Terminé",
    photos="Photos",
    photos_fallback="Les photos sont montrées et ajoutées ici quand la galerie est joignable.",
    draft="Cette page est un brouillon : rien n’y est définitif.",
    cancelled={
        Kind.CHARTER: "Cette sortie a été annulée.",
        Kind.JOB: "Cette intervention a été annulée.",
        Kind.MEETUP: "Cet événement a été annulé.",
    },
    over={
        Kind.CHARTER: "Cette sortie est terminée. Merci d’avoir été là.",
        Kind.JOB: "Cette intervention est terminée. Merci.",
        Kind.MEETUP: "Cet événement est terminé. Merci d’avoir été là.",
    },
    foot="Fait avec Muster",
)
_SPANISH: Final = Texts(
    skip="Ir al contenido",
    join="Unirse",
    map="Mapa",
    about="De qué se trata",
    progress="Progreso",
    booked="Reservado",
    on_the_way="En camino",
    arrived="En el lugar",
    done="Terminado",
    photos="Fotos",
    photos_fallback="Las fotos se muestran y se añaden aquí cuando se puede abrir la galería.",
    draft="Esta página es un borrador: nada en ella es definitivo.",
    cancelled={
        Kind.CHARTER: "Esta salida se ha cancelado.",
        Kind.JOB: "Este trabajo se ha cancelado.",
        Kind.MEETUP: "Este evento se ha cancelado.",
    },
    over={
        Kind.CHARTER: "Esta salida ha terminado. Gracias por haber estado.",
        Kind.JOB: "Este trabajo ha terminado. Gracias.",
        Kind.MEETUP: "Este evento ha terminado. Gracias por haber estado.",
    },
    foot="Hecho con Muster",
)
LANGUAGES: Final = {"en": _ENGLISH, "de": _GERMAN, "fr": _FRENCH, "es": _SPANISH}
