"""Files in which a trained model works without this package; nothing of how it is trained.

How a network becomes an ONNX graph and a page:

1. `symbols` and `symbol_functions` are an array library like NumPy whose arrays only record what
   is done to them.
2. `traced` calls the network, as training and sampling do, once with such arrays: what is recorded
   is its `graph`, a list of some thirty kinds of operations on arrays of known shapes.
3. `onnx_nodes` writes each operation as one of ONNX, and `onnx_model` the file.
4. `page_graphs` writes the same list as JSON, which `page/network.js` runs in a browser.
   `page_model` says how texts, pictures or sound become its inputs, and `html_page` puts both into
   one page.

So a cell, a head or an encoder is written in its own file alone. `rounding` stores weights in fewer
bytes, and `quality` measures what that costs. `command` is `charrnn export`.
"""
