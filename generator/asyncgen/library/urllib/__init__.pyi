# The package urllib; its modules stand beside this file.
