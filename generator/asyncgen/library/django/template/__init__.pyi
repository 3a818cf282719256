# The package django.template; its modules stand beside this file.
