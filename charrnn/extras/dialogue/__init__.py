"""`charrnn sample --interactive`: the user and the model write a text in turns."""
