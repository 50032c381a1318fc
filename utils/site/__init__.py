"""How the site of the notebooks is made; `python -m utils.site` builds it."""

LANGUAGES = (("English", "en", ""), ("中文", "zh_CN", "zh/"))  # name, code, folder of the site
CARD = "vgg16-tiny-imagenet.md"  # of the bundled weights; lies in data/, becomes a page
