# The package django.db; its modules stand beside this file.
