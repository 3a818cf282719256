# The package django; its modules stand beside this file.
