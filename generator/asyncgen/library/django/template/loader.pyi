# https://docs.djangoproject.com/en/stable/topics/templates/#django.template.loader.render_to_string

def render_to_string(
    template_name: object, context: object = None, request: object = None, using: object = None
) -> str: ...
