"""`charrnn train --processes`: starting several processes that train one run."""
