# The package os; its modules stand beside this file.
