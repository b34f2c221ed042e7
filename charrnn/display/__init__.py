"""Everything a person sees. Rich lives here; training and sampling do not."""
