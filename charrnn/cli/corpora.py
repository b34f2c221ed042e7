"""charrnn corpora: the texts there are to train on."""

from charrnn.cli.options import Json


def corpora(json: Json = False) -> None:
    """List the prepared corpora, and those to download or make."""
    from charrnn.display.listings import show_corpora
    from charrnn.text.catalog import CATALOG
    from charrnn.text.corpus import list_corpora

    catalog = {name: entry.about for name, entry in CATALOG.items()}
    show_corpora(list_corpora(), catalog, json)
