"""The site of the notebooks, in English and Chinese; `python -m utils.publish.site` builds it."""

CARD = "vgg16-imagenet"  # the weights' card lies in data/ and becomes a page of the site
