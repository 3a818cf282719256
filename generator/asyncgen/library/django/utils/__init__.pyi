# The package django.utils; its modules stand beside this file.
